import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../observe/log';
import { isOverloaded } from './bounded-pool';
import { CommitUnknown, databaseCauseOf } from './errors';

/** Bridges outages of a database that end by themselves within seconds, such as a failover. */
export interface Patience {
  /**
   * Call it when work has failed. If the database is away, and has not been for long, it waits until the database is back.
   * @param since when the work was first begun, as performance.now() says it
   * @param mayHaveHappened whether the work can also run again when its COMMIT may have happened
   * @returns whether the work should run again
   */
  isWorthRepeating(error: unknown, since: number, mayHaveHappened: boolean): Promise<boolean>;
  /** Runs work that may happen twice, and again for as long as that is worth it. */
  bridge<T>(work: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

const PROBE_INTERVAL_MS = 250;

/**
 * One probe asks for all that wait. From when the database is first found to be away, they wait for at most `patienceMs`;
 * after that nothing waits any more until it is back, because a client is better told at once.
 * @param ready resolves when the database answers
 */
export function openPatience(options: { ready(): Promise<void>; patienceMs: number; log: Logger }): Patience {
  const { ready, patienceMs, log } = options;
  const stopping = new AbortController();
  /** Resolves when the database is back, or has been away for too long: whether it is back. */
  let outage: Promise<boolean> | undefined;
  let probing: Promise<void> | undefined;

  async function probe(tell: (isBack: boolean) => void): Promise<void> {
    const began = performance.now();
    // A single connection may have been lost, of which nobody needs to hear.
    let isAnnounced = false;
    for (; !stopping.signal.aborted; await pause()) {
      const isBack = await ready().then(
        () => true,
        () => false,
      );
      const awayMs = performance.now() - began;
      if (isBack) {
        if (isAnnounced) {
          log.info({ seconds: awayMs / 1_000 }, 'the database is back');
        }
        outage = undefined;
        tell(true);
        return;
      }
      if (!isAnnounced) {
        log.warn(`the database is away; requests wait for it for up to ${patienceMs / 1_000} s`);
        isAnnounced = true;
      }
      if (awayMs > patienceMs) {
        tell(false);
      }
    }
    tell(false);
  }

  /** What answers a probe may still refuse the work, so there is always a pause. */
  const pause = () => sleep(PROBE_INTERVAL_MS, undefined, { signal: stopping.signal }).catch(() => {});

  const patience: Patience = {
    async isWorthRepeating(error, since, mayHaveHappened) {
      const isTooLate = () => performance.now() - since > patienceMs;
      if (!isAway(error, mayHaveHappened) || stopping.signal.aborted || isTooLate()) {
        return false;
      }
      outage ??= new Promise((resolve) => {
        probing = pause().then(() => probe(resolve));
      });
      return (await outage) && !isTooLate();
    },
    async bridge(work) {
      for (const since = performance.now(); ; ) {
        try {
          return await work();
        } catch (error) {
          if (!(await patience.isWorthRepeating(error, since, true))) {
            throw error;
          }
        }
      }
    },
    async stop() {
      stopping.abort();
      await probing;
    },
  };
  return patience;
}

function isAway(error: unknown, mayHaveHappened: boolean): boolean {
  if (isOverloaded(error) || (error instanceof CommitUnknown && !mayHaveHappened)) {
    return false;
  }
  return databaseCauseOf(error) === 'unreachable';
}
