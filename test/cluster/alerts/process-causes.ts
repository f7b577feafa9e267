import { setTimeout as sleep } from 'node:timers/promises';
import type { Watchers } from '../watching/prometheus';
import { type Cause, warning } from './cause';
import type { Hands } from './hands';

/** Causes at a replica that goes on meanwhile. */

const MIB = 1024 * 1024;
/** How long a figure takes to show a new limit: each looks back for a minute. */
const SETTLES_MS = 90_000;

/** Of the limit. MemoryNearLimit is about more than nine tenths. */
const USED = 0.95;
const ENOUGH = 0.91;
const MEMORY_ATTEMPTS = 5;

/** In thousandths of a core. With 15, stock blocked for 0.8 s on an AMD EPYC, and with 20 for 0.3 s. */
const LITTLE_CPU = [20, 15, 10, 7, 5];
const BLOCKED_SECONDS = 0.5;

type Figures = Pick<Watchers, 'instant'>;

async function read(figures: Figures, query: string): Promise<number> {
  return Number((await figures.instant(query))[0]?.value?.[1]);
}

/** @throws Error when one limit after another was set, and none was enough */
async function limitUntil(
  isEnough: () => Promise<boolean>,
  limits: readonly (() => Promise<Record<string, string>>)[],
  { resize }: Hands,
  service: string,
): Promise<void> {
  for (const limit of limits) {
    await resize(service, await limit());
    await sleep(SETTLES_MS);
    if (await isEnough()) {
      return;
    }
  }
  throw new Error(`The last limit that ${service} was given is still not low enough for the alert.`);
}

export function hardlyAnyMemory(hands: Hands, figures: Figures): Cause {
  const used = 'min(min_over_time(process_resident_memory_bytes{job="auditor"}[1m]))';
  const share = `${used} / min(process_memory_limit_bytes{job="auditor"})`;
  // With less memory it also keeps less of its files there, so what it uses has to be asked for again.
  const limit = async () => ({
    memory: `${Math.round((await read(figures, used)) / USED / MIB)}Mi`,
  });
  return {
    title: 'the auditor has hardly more memory than it uses',
    alerts: [warning('MemoryNearLimit', { job: 'auditor' })],
    async bring(undo) {
      undo(() => hands.replacePods('auditor'));
      const isEnough = async () => (await read(figures, share)) > ENOUGH;
      await limitUntil(isEnough, Array(MEMORY_ATTEMPTS).fill(limit), hands, 'auditor');
    },
  };
}

export function tooLittleProcessorTime(hands: Hands, figures: Figures): Cause {
  const lag = 'min(min_over_time(nodejs_eventloop_lag_p99_seconds{job="stock"}[1m]))';
  return {
    title: 'stock gets too little processor time',
    alerts: [warning('EventLoopBlocked', { job: 'stock' })],
    async bring(undo) {
      undo(() => hands.replacePods('stock'));
      const isEnough = async () => (await read(figures, lag)) > BLOCKED_SECONDS;
      const limits = LITTLE_CPU.map((cpu) => async () => ({ cpu: `${cpu}m` }));
      await limitUntil(isEnough, limits, hands, 'stock');
    },
  };
}
