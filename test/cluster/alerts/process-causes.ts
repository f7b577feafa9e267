import type { Watchers } from '../watching/prometheus';
import { type Cause, warning } from './cause';
import type { Hands } from './hands';

/** Causes at a replica that goes on meanwhile. */

const MIB = 1024 * 1024;
/** Of the limit. MemoryNearLimit is about more than nine tenths. */
const USED = 0.94;
/** Of a core. Whatever takes 20 ms then takes half a second. */
const LITTLE_CPU = '40m';

export function hardlyAnyMemory(hands: Hands, watchers: Pick<Watchers, 'instant'>): Cause {
  return {
    title: 'the auditor has hardly more memory than it uses',
    alerts: [warning('MemoryNearLimit', { job: 'auditor' })],
    async bring(undo) {
      const [series] = await watchers.instant('max(process_resident_memory_bytes{job="auditor"})');
      const used = Number(series?.value?.[1]);
      await hands.resize('auditor', { memory: `${Math.round(used / USED / MIB)}Mi` }, undo);
    },
  };
}

export function tooLittleProcessorTime(hands: Hands): Cause {
  return {
    title: 'stock gets too little processor time',
    alerts: [warning('EventLoopBlocked', { job: 'stock' })],
    bring: (undo) => hands.resize('stock', { cpu: LITTLE_CPU }, undo),
  };
}
