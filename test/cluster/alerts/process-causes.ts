import type { Watchers } from '../watching/prometheus';
import { type Cause, warning } from './cause';
import type { Shop } from './checkout-causes';

const MIB = 1024 * 1024;
/** Of the limit. MemoryNearLimit is about more than nine tenths. */
const USED = 0.94;
/** Of a core. Whatever takes 20 ms then takes half a second. */
const LITTLE_CPU = '40m';

/** Causes at a replica of stock that goes on meanwhile. No other cause touches it. */
export function processCauses({ hands, kube }: Shop, watchers: Pick<Watchers, 'instant'>): Cause[] {
  const pod = async () => {
    const pods = (await kube.pods()).filter(
      ({ metadata }) =>
        metadata?.labels?.['app.kubernetes.io/name'] === 'stock' && metadata.deletionTimestamp === undefined,
    );
    return pods[0]?.metadata?.name ?? '';
  };
  return [
    {
      title: 'stock has hardly more memory than it uses',
      alerts: [warning('MemoryNearLimit', { job: 'stock' })],
      async bring(undo) {
        const [series] = await watchers.instant('max(process_resident_memory_bytes{job="stock"})');
        const used = Number(series?.value?.[1]);
        await hands.resize(await pod(), { memory: `${Math.round(used / USED / MIB)}Mi` }, undo);
      },
    },
    {
      title: 'stock gets too little processor time',
      alerts: [warning('EventLoopBlocked', { job: 'stock' })],
      bring: async (undo) => hands.resize(await pod(), { cpu: LITTLE_CPU }, undo),
    },
  ];
}
