import type { Logger } from '../observe/log';
import type { Database } from '../postgres/database';
import { statement } from '../postgres/statement';

const deleteExpired = statement<{ deleted: number }>(
  'idempotency_delete_expired',
  `WITH expired AS (
     SELECT key FROM idempotency_keys WHERE created_at < now() - interval '24 hours'
     ORDER BY created_at LIMIT 1000 FOR UPDATE SKIP LOCKED
   ), gone AS (
     DELETE FROM idempotency_keys WHERE key IN (SELECT key FROM expired) RETURNING key
   )
   SELECT count(*)::int AS deleted FROM gone`,
);

const CLEANING_INTERVAL_MS = 10 * 60_000;

/** Deletes keys older than 24 hours, a thousand at a time so that no transaction is long. */
export async function deleteExpiredKeys(database: Database): Promise<void> {
  for (let deleted = 1000; deleted === 1000; ) {
    const [row] = await database.transaction((tx) => tx.run(deleteExpired));
    deleted = row?.deleted ?? 0;
  }
}

/** Deletes expired keys every ten minutes. Replicas do it side by side without waiting for each other. */
export function startKeyCleaner(database: Database, log: Logger): { stop(): void } {
  const clean = () =>
    deleteExpiredKeys(database).catch((error) => {
      log.warn({ err: error }, 'could not delete expired idempotency keys; trying again in the next round');
    });
  const timer = setInterval(clean, CLEANING_INTERVAL_MS).unref();
  return { stop: () => clearInterval(timer) };
}
