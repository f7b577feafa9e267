import type { Logger } from '../observe/log';
import type { Database } from './database';
import { type Statement, statement } from './statement';

const INTERVAL_MS = 10 * 60_000;
/** At a time, so that no transaction is long. */
const ROWS = 1_000;

/** Deletes rows that have expired, and says how many. */
export type Expiry = Statement<{ deleted: number }>;

/**
 * @param name of the statement
 * @param expired the condition for a row that is not needed any more
 * @param oldest the column that has an index, by which the oldest are found
 */
export function expiryOf(
  name: string,
  { table, key, expired, oldest }: { table: string; key: string; expired: string; oldest: string },
): Expiry {
  return statement(
    name,
    `WITH expired AS (
       SELECT ${key} FROM ${table} WHERE ${expired}
       ORDER BY ${oldest} LIMIT ${ROWS} FOR UPDATE SKIP LOCKED
     ), gone AS (
       DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM expired) RETURNING ${key}
     )
     SELECT count(*)::int AS deleted FROM gone`,
  );
}

/** Deletes all rows that have expired. */
export async function deleteExpired(database: Database, expiry: Expiry): Promise<void> {
  for (let deleted = ROWS; deleted === ROWS; ) {
    const [row] = await database.transaction((tx) => tx.run(expiry));
    deleted = row?.deleted ?? 0;
  }
}

/** Deletes expired rows every ten minutes. Replicas do it side by side without waiting for each other. */
export function startCleaner(database: Database, expiry: Expiry, log: Logger): { stop(): void } {
  const clean = () =>
    deleteExpired(database, expiry).catch((error) => {
      log.warn(
        { err: error, statement: expiry.name },
        'could not delete expired rows; trying again in the next round',
      );
    });
  const timer = setInterval(clean, INTERVAL_MS).unref();
  return { stop: () => clearInterval(timer) };
}
