import { setTimeout as sleep } from 'node:timers/promises';
import { serviceNames } from '../../../shared/services';
import type { Environment } from '../rig/environment';

export interface Expensive {
  database: string;
  query: string;
  calls: number;
  rows: number;
  walBytes: number;
  ms: number;
  /** Of the time that all statements took. */
  share: number;
}

const MOST = 30;

/** Has the server count its statements from now on, which takes a new start. Nobody else may be connected. */
export async function watchStatements(environment: Environment): Promise<void> {
  await environment.admin.query(`ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'`);
  await environment.restartPostgres();
  for (const end = Date.now() + 60_000; ; await sleep(100)) {
    try {
      await environment.admin.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
      return;
    } catch (cause) {
      if (Date.now() > end) {
        throw new Error('PostgreSQL did not come back within a minute.', { cause });
      }
    }
  }
}

/** From here on it is counted anew. */
export async function forgetStatements(environment: Environment): Promise<void> {
  await environment.admin.query('SELECT pg_stat_statements_reset()');
}

export async function expensiveStatements(environment: Environment): Promise<Expensive[]> {
  const { rows } = await environment.admin.query<Expensive>(
    `SELECT d.datname AS database, regexp_replace(s.query, '\\s+', ' ', 'g') AS query, s.calls::float8, s.rows::float8,
            s.wal_bytes::float8 AS "walBytes", s.total_exec_time AS ms,
            s.total_exec_time / sum(s.total_exec_time) OVER () AS share
     FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
     WHERE d.datname ~ '^(${serviceNames.join('|')})_' ORDER BY s.total_exec_time DESC LIMIT ${MOST}`,
  );
  return rows;
}
