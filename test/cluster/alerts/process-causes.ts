import { setTimeout as sleep } from 'node:timers/promises';
import type { Watchers } from '../watching/prometheus';
import { type Cause, warning } from './cause';
import type { Hands } from './hands';

/** Causes at a replica that goes on meanwhile. */

const MIB = 1024 * 1024;
/** Of the limit. MemoryNearLimit is about more than nine tenths. */
const USED = 0.95;
const ENOUGH = 0.91;
const SETTLES_MS = 90_000;
/** Of a core. Whatever takes 20 ms then takes half a second. */
const LITTLE_CPU = '40m';

export function hardlyAnyMemory(hands: Hands, watchers: Pick<Watchers, 'instant'>): Cause {
  return {
    title: 'the auditor has hardly more memory than it uses',
    alerts: [warning('MemoryNearLimit', { job: 'auditor' })],
    async bring(undo) {
      const value = async (query: string) => Number((await watchers.instant(query))[0]?.value?.[1]);
      // With less memory it also keeps less of its files there.
      for (let share = 0, first = true; !(share > ENOUGH); first = false) {
        const used = await value('min(min_over_time(process_resident_memory_bytes{job="auditor"}[1m]))');
        await hands.resize(
          'auditor',
          { memory: `${Math.round(used / USED / MIB)}Mi` },
          first ? undo : () => {},
        );
        await sleep(SETTLES_MS);
        share = await value(
          'min(min_over_time(process_resident_memory_bytes{job="auditor"}[1m])) / min(process_memory_limit_bytes{job="auditor"})',
        );
      }
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
