import type { Logger } from '../observe/log';
import { sparseLog } from '../observe/sparse-log';
import { databaseCauseOf } from '../postgres/errors';
import { statement } from '../postgres/statement';
import { MAX_IN_FLIGHT } from './limits';
import { busy, Refusal } from './problem';

/**
 * As many as keep one row in use: one transaction holds its lock, and the next one waits for it in the database. As many
 * again for all rows together that somebody has locked, which leaves connections for the others.
 */
const AT_A_TIME = 2;
/** Of one row. */
const MAX_WAITING = 200;
/** Of all rows, so that other requests that write find room among those that are in flight. */
const MAX_WAITING_IN_ALL = MAX_IN_FLIGHT / 2;
const MAX_WAIT_MS = 5_000;
/** How long a request tries to get a lock that somebody holds, from when its turn has come. */
const MAX_LOCKED_MS = 2_000;

/**
 * For the transaction of such work. It is longer than our own transactions keep a lock, and so short that dozens of locked
 * rows give the connections back before others miss them.
 */
export const limitLockWait = statement(
  'row_limit_lock_wait',
  `SELECT set_config('lock_timeout', '100ms', true)`,
);

const OTHERS = 'Too many other requests wait to change a user, item or order.';
const LOCKED = 'Another transaction has locked what this request needs.';

/** Work that takes place, and work that waits for that. */
interface Line {
  running: number;
  /** Each call begins the work of one that waits. */
  readonly waiting: Set<() => void>;
}

interface Row extends Line {
  /** Whether the last one that tried did not get the lock in time. */
  isLocked: boolean;
}

export interface RowTurns {
  /**
   * Runs work that locks a row, in its turn. If it does not get the lock it should soon fail, as with `limitLockWait`.
   * Then it runs again, in turn with the work of all other rows that are locked.
   * @throws {Refusal} with 503 if too many others wait, or if its turn does not come in time
   */
  run<T>(row: string, work: () => Promise<T>): Promise<T>;
}

/**
 * The guarantee: requests that wait for a row that everybody wants, or that is known to be locked, take up few database
 * connections. So they do not hold up the requests for other rows. A row is forgotten when nobody waits for it, so the first
 * try of each is not limited: docs/architecture.md says how far that reaches.
 * @param options.onRefused called for each request that is refused
 */
export function openRowTurns({ log, onRefused }: { log: Logger; onRefused(): void }): RowTurns {
  const rows = new Map<string, Row>();
  /** Those that try again. */
  const locked: Line = { running: 0, waiting: new Set() };
  let waitingInAll = 0;
  const logSparsely = sparseLog(log);

  function refuse(obstacle: string): Refusal {
    onRefused();
    logSparsely(`answered a request with 503: ${obstacle}`, {});
    return new Refusal(busy(obstacle));
  }

  /** Resolves when there is room to run. */
  function wait({ waiting }: Line, obstacle: string, maxMs: number): Promise<void> {
    if (waiting.size >= MAX_WAITING || waitingInAll >= MAX_WAITING_IN_ALL) {
      throw refuse(OTHERS);
    }
    return new Promise((resolve, reject) => {
      const begin = () => {
        waitingInAll--;
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        waitingInAll--;
        waiting.delete(begin);
        reject(refuse(obstacle));
      }, maxMs);
      waitingInAll++;
      waiting.add(begin);
    });
  }

  /** Returns undefined if there is room already. */
  function enter(line: Line, obstacle: string, maxMs: number): Promise<void> | undefined {
    if (line.running >= AT_A_TIME) {
      return wait(line, obstacle, maxMs);
    }
    line.running++;
    return undefined;
  }

  function leave(line: Line): void {
    const [next] = line.waiting;
    if (next !== undefined) {
      line.waiting.delete(next);
      next();
    } else {
      line.running--;
    }
  }

  async function keepTrying<T>(row: Row, work: () => Promise<T>): Promise<T> {
    const end = performance.now() + MAX_LOCKED_MS;
    for (;;) {
      const line = row.isLocked ? locked : undefined;
      if (line !== undefined) {
        await enter(line, LOCKED, end - performance.now());
      }
      try {
        const result = await work();
        row.isLocked = false;
        return result;
      } catch (error) {
        row.isLocked = databaseCauseOf(error) === 'locked';
        if (!row.isLocked || performance.now() >= end) {
          throw error;
        }
      } finally {
        if (line !== undefined) {
          leave(line);
        }
      }
    }
  }

  return {
    async run(id, work) {
      const row = rows.get(id) ?? { running: 0, waiting: new Set(), isLocked: false };
      rows.set(id, row);
      const turn = enter(row, OTHERS, MAX_WAIT_MS);
      if (turn !== undefined) {
        await turn;
      }
      try {
        return await keepTrying(row, work);
      } finally {
        leave(row);
        if (row.running === 0) {
          rows.delete(id);
        }
      }
    },
  };
}
