import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../observe/log';
import { isOverloaded } from './bounded-pool';
import { CommitUnknown, DatabaseUnavailable, isWithoutConnection } from './errors';

/** Bridges outages of a database that end by themselves within seconds, such as a failover. */
export interface Patience {
  /**
   * Call it when work has failed. If the database is away, and has not been for long, it waits until the database is back.
   * @returns whether the work should run again
   */
  isWorthRepeating(error: unknown, attempts: Attempts): Promise<boolean>;
  /** Runs work that may happen twice, and again for as long as that is worth it. */
  bridge<T>(work: () => Promise<T>): Promise<T>;
  /** Whether the database is known to be away. */
  isAway(): boolean;
  /** @throws DatabaseUnavailable when the database is known to have been away for too long to wait for it */
  check(): void;
  /**
   * Resolves while work may be sent here: the database answers, or has not been away for long.
   * @throws the reason when it cannot be used
   */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

/** The attempts of one piece of work. */
export interface Attempts {
  /** When the first one failed, as performance.now() says it. `isWorthRepeating` sets it. */
  failedAt?: number;
  /** Whether work may run again whose COMMIT may have happened. */
  readonly mayHaveHappened: boolean;
  /** Whether nobody waits for the work any more. */
  isGone?(): boolean;
}

interface Outage {
  readonly since: number;
  /** Whether it has lasted for so long that nobody waits any more. */
  isLong: boolean;
  readonly waiting: Set<{ attempts: Attempts; end(isBack: boolean): void }>;
}

const PROBE_INTERVAL_MS = 250;
/** When the database is back, so many begin again at a time: a cold database is not met by all of them together. */
const AT_ONCE = 20;
const BETWEEN_MS = 10;

/**
 * One probe asks for all that wait, on a connection of its own: those of the pools may lead to a lost server, or be in use.
 * Nothing waits for longer than `patienceMs` from when the database was found to be away. Then a client is better told at
 * once, until it is back. With 0, nothing ever waits.
 */
export function openPatience(options: {
  /** @throws the reason when the database cannot be used */
  probe(): Promise<void>;
  patienceMs: number;
  log: Logger;
}): Patience {
  const { probe, patienceMs, log } = options;
  const stopping = new AbortController();
  let outage: Outage | undefined;
  let watching: Promise<void> | undefined;

  const pause = (ms: number) => sleep(ms, undefined, { signal: stopping.signal }).catch(() => {});

  function begin(): Outage {
    const begun: Outage = { since: performance.now(), isLong: false, waiting: new Set() };
    outage = begun;
    watching = watch(begun);
    return begun;
  }

  async function watch(current: Outage): Promise<void> {
    // A single connection may have been lost, of which nobody needs to hear.
    let isAnnounced = false;
    for (let isBack = false; !isBack && !stopping.signal.aborted; ) {
      await pause(PROBE_INTERVAL_MS);
      isBack = await probe().then(
        () => true,
        () => false,
      );
      const seconds = (performance.now() - current.since) / 1_000;
      if (!isBack && !isAnnounced) {
        log.warn(`the database is away; requests wait for it for up to ${patienceMs / 1_000} s`);
        isAnnounced = true;
      } else if (isBack && isAnnounced) {
        log.info({ seconds }, 'the database is back');
      }
      current.isLong ||= !isBack && seconds * 1_000 > patienceMs;
      for (const one of current.waiting) {
        if (current.isLong || one.attempts.isGone?.()) {
          one.end(false);
        }
      }
    }
    outage = undefined;
    for (const [i, one] of [...current.waiting].entries()) {
      one.end(!stopping.signal.aborted);
      if (i % AT_ONCE === AT_ONCE - 1) {
        await pause(BETWEEN_MS);
      }
    }
  }

  const patience: Patience = {
    async isWorthRepeating(error, attempts) {
      if (patienceMs === 0 || stopping.signal.aborted || !isPassing(error, attempts)) {
        return false;
      }
      const now = performance.now();
      attempts.failedAt ??= now;
      const current = outage ?? begin();
      // The second condition is about a database that a probe can use and the work cannot.
      if (current.isLong || now - attempts.failedAt > patienceMs) {
        return false;
      }
      return new Promise<boolean>((resolve) => {
        const one = {
          attempts,
          end(isBack: boolean) {
            current.waiting.delete(one);
            resolve(isBack);
          },
        };
        current.waiting.add(one);
      });
    },
    async bridge(work) {
      for (const attempts: Attempts = { mayHaveHappened: true }; ; ) {
        try {
          return await work();
        } catch (error) {
          if (!(await patience.isWorthRepeating(error, attempts))) {
            throw error;
          }
        }
      }
    },
    isAway: () => outage !== undefined,
    check() {
      if (outage?.isLong) {
        throw new DatabaseUnavailable('the database has been away for too long to wait for it');
      }
    },
    async ready() {
      patience.check();
      if (outage !== undefined) {
        return;
      }
      try {
        await probe();
      } catch (error) {
        if (patienceMs === 0 || !isWithoutConnection(error)) {
          throw error;
        }
        outage ??= begin();
        patience.check();
      }
    },
    async stop() {
      stopping.abort();
      await watching;
    },
  };
  return patience;
}

function isPassing(error: unknown, { mayHaveHappened }: Attempts): boolean {
  if (isOverloaded(error) || (error instanceof CommitUnknown && !mayHaveHappened)) {
    return false;
  }
  return isWithoutConnection(error);
}
