import type { Logger } from '../observe/log';
import { sparseLog } from '../observe/sparse-log';
import { busy, Refusal } from './problem';

/** As many as keep the row in use: one transaction holds its lock, and the next one waits for it in the database. */
const AT_A_TIME = 2;
/** Of one row. */
const MAX_WAITING = 200;
const MAX_WAIT_MS = 5_000;

interface Row {
  running: number;
  /** Each call begins the work of one that waits. */
  readonly waiting: Set<() => void>;
}

export interface RowTurns {
  /**
   * Runs work that locks a row, in its turn.
   * @throws {Refusal} with 503 if too many others wait for this row, or if its turn does not come in time
   */
  run<T>(row: string, work: () => Promise<T>): Promise<T>;
}

/**
 * The guarantee: requests that wait for one row take up few database connections, so that a row which somebody has
 * locked, or which everybody wants, does not hold up the requests for other rows.
 * @param options.onRefused called for each request that is refused
 */
export function openRowTurns({ log, onRefused }: { log: Logger; onRefused(): void }): RowTurns {
  const rows = new Map<string, Row>();
  const logSparsely = sparseLog(log);

  function refuse(): Refusal {
    onRefused();
    logSparsely('too many requests change the same row; answering 503', {});
    return new Refusal(busy('Too many other requests change the same user, item or order.'));
  }

  /** Resolves when it is this request's turn. */
  function wait({ waiting }: Row): Promise<void> {
    if (waiting.size >= MAX_WAITING) {
      throw refuse();
    }
    return new Promise((resolve, reject) => {
      const begin = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        waiting.delete(begin);
        reject(refuse());
      }, MAX_WAIT_MS);
      waiting.add(begin);
    });
  }

  /** Passes the turn on. */
  function end(id: string, row: Row): void {
    const [next] = row.waiting;
    if (next !== undefined) {
      row.waiting.delete(next);
      next();
    } else if (--row.running === 0) {
      rows.delete(id);
    }
  }

  return {
    async run(id, work) {
      const row = rows.get(id) ?? { running: 0, waiting: new Set() };
      rows.set(id, row);
      if (row.running < AT_A_TIME) {
        row.running++;
      } else {
        await wait(row);
      }
      try {
        return await work();
      } finally {
        end(id, row);
      }
    },
  };
}
