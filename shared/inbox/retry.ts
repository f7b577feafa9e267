import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../observe/log';
import { stepRetries } from '../observe/metrics';
import { causeOf } from '../postgres/errors';

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;

/** Yields the delays before further attempts, in milliseconds. They double up to a maximum, and never end. */
export function* retryDelays(): Generator<number, never> {
  for (let delay = RETRY_FIRST_MS; ; delay = Math.min(delay * 2, RETRY_MAX_MS)) {
    yield delay;
  }
}

/** Reruns `work` until it succeeds. Throws what is the work's own fault, and every error once `signal` aborts. */
export async function retryThroughOutages(
  work: () => Promise<void>,
  { step, log, signal }: { step: string; log: Logger; signal: AbortSignal },
): Promise<void> {
  for (const delay of retryDelays()) {
    try {
      return await work();
    } catch (error) {
      const cause = causeOf(error);
      if (cause === 'work' || signal.aborted) {
        throw error;
      }
      stepRetries.inc({ step, cause });
      log.warn(
        { err: error, cause, retry_in_ms: delay },
        'the database is unavailable; keeping the batch and trying again',
      );
      await sleep(delay * (0.5 + Math.random() / 2), undefined, { signal });
    }
  }
}
