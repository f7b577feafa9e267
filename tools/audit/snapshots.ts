import type { Database } from '../../shared/postgres/database';
import { SQLSTATE } from '../../shared/postgres/sqlstates';
import { type Statement, statement } from '../../shared/postgres/statement';
import type { Reader } from '../../shared/postgres/tx';
import type { ShopDatabases } from '../support/databases';

/**
 * The services whose databases the invariants compare, in the order in which they are looked at. Events flow the other
 * way, so whatever one of them says has happened, those behind it know of: an order seen PAID has its charge, a reservation
 * seen COMMITTED or RELEASED has its decision. What is younger than the snapshot of order is seen by the others alone.
 */
const READING_ORDER = ['order', 'stock', 'payment'] as const;

/** A view of each database that does not change while it is looked at. */
export type Snapshots = Readonly<Record<(typeof READING_ORDER)[number], Reader>>;

const readOnly = statement('audit_read_only', 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');

/**
 * One database waits while another is read, for longer than a service is allowed to. When the auditor goes away, its
 * statement is to go with it. Sums over whole tables are made in memory rather than on disk.
 */
const settings = statement(
  'audit_settings',
  `SELECT set_config('idle_in_transaction_session_timeout', $1, true),
          set_config('client_connection_check_interval', '5s', true),
          set_config('work_mem', '64MB', true)`,
);

/** What is left of the time that the whole audit may take. */
const mayTake = statement('audit_may_take', `SELECT set_config('statement_timeout', $1, true)`);

/** A transaction sees what was committed when its first query began. */
const lookNow = statement('audit_look_now', 'SELECT now()');

/**
 * Opens the snapshots one after the other, in READING_ORDER.
 * @param withinMs from now on; unless given, only each statement has a limit, that of its connection
 * @throws Error saying so when that was not enough
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

/** Without a limit, how long a database waits for the others. */
const WAIT_MS = 600_000;

function snapshot<T>(
  database: Database,
  limit: Limit | undefined,
  work: (tx: Reader) => Promise<T>,
): Promise<T> {
  return database.transaction(async (tx) => {
    await tx.run(readOnly);
    await Promise.all([tx.run(settings, [String(limit?.withinMs ?? WAIT_MS)]), tx.run(lookNow)]);
    const line = oneAtATime(limit === undefined ? tx : within(limit, tx));
    try {
      return await work(line);
    } finally {
      await line.close();
    }
  });
}

/** Gives each statement what is left of the time. */
function within({ withinMs, end }: Limit, tx: Reader): Reader {
  const late = (cause?: unknown) => {
    const hint = 'Let it take longer with AUDIT_TIMEOUT_MS, or find out what holds it up.';
    return new Error(`The audit was not done within ${withinMs / 1_000} s. ${hint}`, { cause });
  };
  return {
    async run<Row>(statement: Statement<Row>, values?: readonly unknown[]): Promise<Row[]> {
      const left = end - Date.now();
      if (left <= 0) {
        throw late();
      }
      await tx.run(mayTake, [String(left)]);
      return tx.run(statement, values).catch((error) => {
        throw error.code === SQLSTATE.QUERY_CANCELED ? late(error) : error;
      });
    },
  };
}

/**
 * A statement's time begins when it is issued, and must not be spent in waiting for others. When the work has failed
 * because of one of them, those behind it are not issued any more.
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
