import { createHash, randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import type { Migration } from './migrations';

/**
 * The table _prisma_migrations, exactly as `prisma migrate` keeps it, so that either program can continue where the
 * other stopped. A row without `finished_at` and `rolled_back_at` belongs to a migration that was interrupted.
 */
export interface HistoryRow {
  readonly id: string;
  readonly checksum: string;
  readonly migration_name: string;
  readonly started_at: Date;
  readonly finished_at: Date | null;
  readonly logs: string | null;
}

const createTable = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`;

/** Returns the latest row of each migration, by name, without those that were rolled back. */
export async function readHistory(client: Client): Promise<Map<string, HistoryRow>> {
  const [{ found }] = (await client.query(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS found`))
    .rows as [{ found: boolean }];
  if (!found) {
    await client.query(createTable);
  }
  const { rows } = await client.query<HistoryRow>(
    `SELECT id, checksum, migration_name, started_at, finished_at, logs FROM _prisma_migrations
     WHERE rolled_back_at IS NULL ORDER BY finished_at IS NOT NULL, started_at`,
  );
  return new Map(rows.map((row) => [row.migration_name, row]));
}

/** As Prisma computes it. */
export function checksumOf({ script }: Pick<Migration, 'script'>): string {
  return createHash('sha256').update(script).digest('hex');
}

/** Records the start of a migration. Returns the id of its row. */
export async function recordStarted(client: Client, migration: Migration): Promise<string> {
  const id = randomUUID();
  await client.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at)
     VALUES ($1, $2, $3, clock_timestamp())`,
    [id, checksumOf(migration), migration.name],
  );
  return id;
}

export async function recordFinished(client: Client, id: string): Promise<void> {
  await client.query(
    `UPDATE _prisma_migrations SET finished_at = clock_timestamp(), applied_steps_count = 1, logs = NULL
     WHERE id = $1`,
    [id],
  );
}

/** The row stays as a record, and no program looks at it again. */
export async function recordRolledBack(client: Client, id: string): Promise<void> {
  await client.query('UPDATE _prisma_migrations SET rolled_back_at = clock_timestamp() WHERE id = $1', [id]);
}
