import { setTimeout as sleep } from 'node:timers/promises';
import { checkoutNames } from '../../../shared/services';
import type { Environment } from '../rig/environment';

export interface ExpensiveStatement {
  database: string;
  query: string;
  calls: number;
  rows: number;
  walBytes: number;
  ms: number;
  /** Share of the time that all statements took. */
  share: number;
}

const LIMIT = 30;

/** Restarts the server with `pg_stat_statements`. No service may be connected. */
export async function enableStatementStatistics(environment: Environment): Promise<void> {
  await environment.admin.query(`ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'`);
  await environment.restartPostgres();
  for (const end = Date.now() + 60_000; ; await sleep(100)) {
    try {
      await environment.admin.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
      return;
    } catch (cause) {
      if (Date.now() > end) {
        throw new Error('PostgreSQL did not accept connections within a minute of its restart.', { cause });
      }
    }
  }
}

export async function resetStatementStatistics(environment: Environment): Promise<void> {
  await environment.admin.query('SELECT pg_stat_statements_reset()');
}

export async function expensiveStatements(environment: Environment): Promise<ExpensiveStatement[]> {
  const { rows } = await environment.admin.query<ExpensiveStatement>(
    `SELECT d.datname AS database, regexp_replace(s.query, '\\s+', ' ', 'g') AS query, s.calls::float8, s.rows::float8,
            s.wal_bytes::float8 AS "walBytes", s.total_exec_time AS ms,
            s.total_exec_time / sum(s.total_exec_time) OVER () AS share
     FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
     WHERE d.datname ~ '^(${checkoutNames.join('|')})_' ORDER BY s.total_exec_time DESC LIMIT ${LIMIT}`,
  );
  return rows;
}
