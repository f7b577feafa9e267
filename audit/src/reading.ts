import type { Database, Tx } from '../../shared/postgres/database';
import { type Statement, statement } from '../../shared/postgres/statement';

/** The three databases, and the broker where it can be asked. */
export interface Books {
  readonly order: Database;
  readonly payment: Database;
  readonly stock: Database;
}

/** A view of each database that does not change while it is looked at. */
export type Snapshots = { readonly [service in keyof Books]: Tx };

const readOnly = statement('audit_read_only', 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');

/** One database waits while another is read, for longer than a service is allowed to. */
const mayWait = statement('audit_may_wait', `SET LOCAL idle_in_transaction_session_timeout = '10min'`);

/** Sums over whole tables are made in memory rather than on disk. */
const mayUseMemory = statement('audit_may_use_memory', `SET LOCAL work_mem = '64MB'`);

/** A transaction sees what was committed when its first query began. */
const lookNow = statement('audit_look_now', 'SELECT now()');

/**
 * Opens the snapshots one after the other: order, then stock, then payment. Events flow the other way, so whatever
 * one of them says has happened, those behind it know of: an order seen PAID has its charge, a reservation seen
 * COMMITTED or RELEASED has its decision. What is younger than the snapshot of order is seen by the others alone.
 */
export function readBooks<T>(books: Books, work: (snapshots: Snapshots) => Promise<T>): Promise<T> {
  return snapshot(books.order, (order) =>
    snapshot(books.stock, (stock) => snapshot(books.payment, (payment) => work({ order, stock, payment }))),
  );
}

function snapshot<T>(database: Database, work: (tx: Tx) => Promise<T>): Promise<T> {
  return database.transaction(async (tx) => {
    await tx.run(readOnly);
    await Promise.all([tx.run(mayWait), tx.run(mayUseMemory), tx.run(lookNow)]);
    return work(oneAtATime(tx));
  });
}

/** A statement may take half a minute from when it is issued, which must not be spent in waiting for others. */
function oneAtATime(tx: Tx): Tx {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run<Row>(statement: Statement<Row>, values?: readonly unknown[]): Promise<Row[]> {
      const next = last.then(() => tx.run(statement, values));
      last = next.catch(() => {});
      return next;
    },
  };
}
