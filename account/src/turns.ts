import PQueue from 'p-queue';
import { MAX_IN_FLIGHT } from '../../shared/http/limits';
import { overloaded, Refusal } from '../../shared/http/problem';

const AT_A_TIME = 2;
const SECOND_MS = 1_000;
/** So that other requests find room among those that are in flight. */
const MAX_WAITING = MAX_IN_FLIGHT / 4;
/** Who comes again after that is the last to come, and so the first in line. */
const MAX_WAIT_MS = 5_000;
/** More than there will ever be between two that wait. */
const MANY_ARRIVALS = 2 ** 40;

export interface Turns {
  /**
   * Does work in its turn: who has the fewest demerits goes first, and of those the last to come.
   * @param gone aborted when nobody waits for the result any more. Work that has begun is completed
   * @throws {Refusal} with 503 when others go first for too long; the reason of `gone`
   */
  take<T>(demerits: number, gone: AbortSignal, work: () => Promise<T>): Promise<T>;
}

interface Waiting {
  readonly priority: number;
  leave(reason: unknown): void;
}

/** @param perSecond how many turns begin in a second */
export function openTurns(perSecond: number): Turns {
  const queue = new PQueue({ concurrency: AT_A_TIME, interval: SECOND_MS, intervalCap: perSecond });
  const waiting = new Set<Waiting>();
  let arrivals = 0;

  /** The last in line goes, whoever that is: a line of strangers must not keep everybody else out of it. */
  function makeRoom(priority: number): void {
    if (waiting.size < MAX_WAITING) {
      return;
    }
    const last = [...waiting].reduce((one, other) => (one.priority < other.priority ? one : other));
    if (last.priority >= priority) {
      throw tooManyWait();
    }
    last.leave(tooManyWait());
  }

  return {
    async take(demerits, gone, work) {
      const priority = ++arrivals - demerits * MANY_ARRIVALS;
      makeRoom(priority);
      const left = new AbortController();
      const leave = (reason: unknown) => left.abort(reason);
      const giveUp = () => leave(gone.reason);
      const one: Waiting = { priority, leave };
      waiting.add(one);
      const timer = setTimeout(() => leave(tooManyWait()), MAX_WAIT_MS);
      gone.addEventListener('abort', giveUp, { once: true });
      if (gone.aborted) {
        giveUp();
      }
      const waitNoMore = () => {
        clearTimeout(timer);
        gone.removeEventListener('abort', giveUp);
        waiting.delete(one);
      };
      const begin = () => {
        waitNoMore();
        return work();
      };
      return queue.add(begin, { priority, signal: left.signal }).finally(waitNoMore);
    },
  };
}

const tooManyWait = () =>
  new Refusal(overloaded('Too many people log in at the same time, so nothing was done.'));
