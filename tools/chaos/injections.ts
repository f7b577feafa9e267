import { setTimeout as sleep } from 'node:timers/promises';
import { type FaultContext, NotRecovered } from './faults/fault';
import { Random } from './random';
import type { PlannedFault } from './schedule';

/** Far longer than any fault takes to end after it was to last no longer. */
const END_WITHIN_MS = 90_000;

/** A fault that was due, and what happened to it. Times are those of performance.now(). */
export interface Injection {
  name: string;
  kind: string;
  /** When it was injected; absent when it found nothing to break. */
  at?: number;
  endedAt?: number;
  /** Why it could not be injected, or not be ended. That is a defect of the test rig, not of the shop. */
  failed?: string;
  /** What the shop did not put right by itself. */
  notRecovered?: string;
  /** What the rig has mended, as a runbook tells an operator to. */
  mended?: string;
}

/**
 * Injects every planned fault when it is due. Resolves when the last one has ended.
 * @param injections gets one entry for each fault, as soon as the fault is due
 * @param endWithinMs how long a fault may take to end after the time that it lasts
 */
export async function injectPlanned(
  planned: readonly PlannedFault[],
  context: Omit<FaultContext, 'random' | 'markInjected' | 'markMended'>,
  injections: Injection[],
  endWithinMs = END_WITHIN_MS,
): Promise<void> {
  const start = performance.now();
  const active: Promise<void>[] = [];
  for (const { at, fault, seed } of planned) {
    await sleep(Math.max(0, start + at - performance.now()));
    const injection: Injection = { name: fault.name, kind: fault.kind };
    injections.push(injection);
    const markInjected = () => {
      injection.at ??= performance.now();
    };
    const markMended = (what: string) => {
      injection.mended = what;
    };
    const limit = new AbortController();
    const ended = Promise.race([
      fault.inject({ ...context, random: new Random(seed), markInjected, markMended }),
      neverEnded((fault.lastsMs ?? 0) + endWithinMs, limit.signal),
    ])
      .catch((error: Error) => {
        injection[error instanceof NotRecovered ? 'notRecovered' : 'failed'] = error.message;
      })
      .finally(() => {
        limit.abort();
        injection.endedAt = performance.now();
      });
    active.push(ended);
  }
  await Promise.all(active);
}

/** Rejects after a while, so that a fault that hangs does not keep the run from ending. */
async function neverEnded(ms: number, signal: AbortSignal): Promise<never> {
  await sleep(ms, undefined, { signal });
  throw new Error(`has not ended after ${ms / 1_000} s`);
}
