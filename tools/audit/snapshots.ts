import type { Database } from '../../shared/postgres/database';
import { SQLSTATE } from '../../shared/postgres/sqlstates';
import { type Statement, statement } from '../../shared/postgres/statement';
import type { Reader } from '../../shared/postgres/tx';
import type { ShopDatabases } from '../support/databases';

/**
 * The services whose databases the invariants compare, in the order in which they are read. Outcomes flow the other
 * way. So if one of them has recorded an outcome, those that are read later know it, too: a restock seen DONE has been added
 * to stock, an order seen PAID has its charge, a reservation seen COMMITTED or RELEASED has its decision. What is younger than the first snapshot shows only
 * in the later ones.
 */
const READING_ORDER = ['catalog', 'order', 'stock', 'payment'] as const;

/** A view of each database that does not change while it is read. */
export type Snapshots = Readonly<Record<(typeof READING_ORDER)[number], Reader>>;

const readOnly = statement('audit_read_only', 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');

/**
 * A snapshot may be idle while another database is read, for longer than a service's transaction may. When the auditor
 * exits, its statement must be cancelled. Sums over whole tables are computed in memory rather than on disk.
 */
const settings = statement(
  'audit_settings',
  `SELECT set_config('idle_in_transaction_session_timeout', $1, true),
          set_config('client_connection_check_interval', '5s', true),
          set_config('work_mem', '64MB', true)`,
);

/** Gives a statement what is left of the audit's time. */
const limitStatement = statement('audit_may_take', `SELECT set_config('statement_timeout', $1, true)`);

/** The snapshot is taken by the first query: the transaction sees what was committed when that began. */
const takeSnapshot = statement('audit_look_now', 'SELECT now()');

/**
 * Opens the snapshots one after the other, in READING_ORDER.
 * @param withinMs the limit for everything, from now; without it, each statement has only the limit of its connection
 * @throws Error saying so when the time limit was exceeded
 */
export function withSnapshots<T>(
  databases: Pick<ShopDatabases, keyof Snapshots>,
  work: (snapshots: Snapshots) => Promise<T>,
  withinMs?: number,
): Promise<T> {
  const limit = withinMs === undefined ? undefined : { withinMs, end: Date.now() + withinMs };
  const open = ([name, ...rest]: (keyof Snapshots)[], opened: Partial<Snapshots>): Promise<T> =>
    name === undefined
      ? work(opened as Snapshots)
      : snapshot(databases[name], limit, (reader) => open(rest, { ...opened, [name]: reader }));
  return open([...READING_ORDER], {});
}

interface Limit {
  readonly withinMs: number;
  /** By Date.now(). */
  readonly end: number;
}

/** How long a snapshot may be idle when the audit has no limit. */
const WAIT_MS = 600_000;

function snapshot<T>(
  database: Database,
  limit: Limit | undefined,
  work: (tx: Reader) => Promise<T>,
): Promise<T> {
  return database.transaction(async (tx) => {
    await tx.run(readOnly);
    await Promise.all([tx.run(settings, [String(limit?.withinMs ?? WAIT_MS)]), tx.run(takeSnapshot)]);
    const reader = oneAtATime(limit === undefined ? tx : within(limit, tx));
    try {
      return await work(reader);
    } finally {
      await reader.close();
    }
  });
}

/** Limits each statement to what is left of the time. */
function within({ withinMs, end }: Limit, tx: Reader): Reader {
  const late = (cause?: unknown) => {
    const hint = 'Raise AUDIT_TIMEOUT_MS, or find out what slows it down.';
    return new Error(`The audit did not finish within ${withinMs / 1_000} s. ${hint}`, { cause });
  };
  return {
    async run<Row>(statement: Statement<Row>, values?: readonly unknown[]): Promise<Row[]> {
      const left = end - Date.now();
      if (left <= 0) {
        throw late();
      }
      await tx.run(limitStatement, [String(left)]);
      return tx.run(statement, values).catch((error) => {
        throw error.code === SQLSTATE.QUERY_CANCELED ? late(error) : error;
      });
    },
  };
}

/**
 * Runs one statement at a time: the time limit of a statement starts when it is issued, so it must not wait behind
 * others after that. Once the work has failed, the statements that still wait are not issued.
 */
function oneAtATime(tx: Reader): Reader & { close(): Promise<unknown> } {
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;
  return {
    run<Row>(statement: Statement<Row>, values?: readonly unknown[]): Promise<Row[]> {
      const next = last.then(() => {
        if (closed) {
          throw new Error('the audit has ended');
        }
        return tx.run(statement, values);
      });
      last = next.catch(() => {});
      return next;
    },
    close() {
      closed = true;
      return last;
    },
  };
}
