import type { Pool } from 'pg';
import type { Databases } from '../rig/environment';

/** Counters of a database server; rows and transactions are by service. */
export interface Work {
  [measure: string]: number;
}

const COUNTERS = ['xact_commit', 'tup_inserted', 'tup_updated', 'tup_deleted', 'tup_fetched'];

/**
 * Reads the counters of the three databases, and the log that the server has written. Call it when no service is
 * connected: a connection may report its counts late, but at the latest when it closes.
 */
export async function readWork(admin: Pool, databases: Databases): Promise<Work> {
  const work: Work = {};
  for (const [service, url] of Object.entries(databases)) {
    const { rows } = await admin.query(
      `SELECT ${COUNTERS.map((name) => `${name}::float8`).join(', ')} FROM pg_stat_database WHERE datname = $1`,
      [new URL(url).pathname.slice(1)],
    );
    for (const name of COUNTERS) {
      work[`${service}.${name}`] = rows[0]?.[name] ?? 0;
    }
  }
  const { rows } = await admin.query(
    'SELECT wal_bytes::float8, wal_records::float8, wal_fpi::float8 FROM pg_stat_wal',
  );
  for (const [name, value] of Object.entries(rows[0] ?? {})) {
    work[name] = value as number;
  }
  return work;
}

/** Reads the bytes of log that the open connections of each service have written (needs PostgreSQL 18). */
export async function readLogBytes(admin: Pool, databases: Databases): Promise<Work> {
  const work: Work = {};
  for (const [service, url] of Object.entries(databases)) {
    const { rows } = await admin.query(
      `SELECT coalesce(sum(w.wal_bytes), 0)::float8 AS bytes
       FROM pg_stat_activity a, pg_stat_get_backend_wal(a.pid) w WHERE a.datname = $1`,
      [new URL(url).pathname.slice(1)],
    );
    work[`${service}.wal_bytes`] = rows[0]?.bytes ?? 0;
  }
  return work;
}
