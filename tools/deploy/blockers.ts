import type { Client } from 'pg';

/** A session that holds a lock that another one waits for, or is ahead of it in the queue. */
export interface Blocker {
  /** 0 for a prepared transaction, which has no session. */
  readonly pid: number;
  /** NULL for PostgreSQL's own processes, such as autovacuum. */
  readonly user_name: string | null;
  readonly application_name: string | null;
  /** NULL when our role may not see what the session does. */
  readonly state: string | null;
  /** For how long it has been in this state. */
  readonly seconds: number | null;
  readonly query: string | null;
}

/** At most this many are named. */
const MAX_NAMED = 3;
const MAX_QUERY = 100;

/** Returns who keeps a session waiting for a lock: nobody when it waits for none. */
export function blockersOf(watcher: Client, pid: number): Promise<Blocker[]> {
  const waiting = `SELECT pid FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'`;
  return look(watcher, `SELECT unnest(pg_blocking_pids(pid)) FROM (${waiting}) AS waiting`, [pid]);
}

/** Returns who has an advisory lock with a number of 32 bits. */
export function holdersOf(watcher: Client, advisoryLock: number): Promise<Blocker[]> {
  return look(
    watcher,
    `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND (classid, objid, objsubid) = (0::oid, $1::bigint::oid, 1)`,
    [advisoryLock],
  );
}

/** Returns who runs a script at this moment. PostgreSQL shows only the beginning of what a session runs. */
export function runnersOf(watcher: Client, script: string): Promise<Blocker[]> {
  return look(
    watcher,
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
       AND pid <> pg_backend_pid() AND query <> '' AND starts_with($1, left(query, 500))`,
    [script],
  );
}

async function look(watcher: Client, pids: string, values: unknown[]): Promise<Blocker[]> {
  const { rows } = await watcher.query<Blocker>(
    `SELECT DISTINCT blocking AS pid, usename AS user_name, application_name, state,
       extract(epoch FROM clock_timestamp() - state_change)::int AS seconds, query
     FROM (${pids}) AS found (blocking) LEFT JOIN pg_stat_activity ON pid = blocking
     ORDER BY seconds DESC NULLS LAST, 1`,
    values,
  );
  return rows;
}

/** Whether only PostgreSQL itself is in the way: an automatic vacuum, which gives way to a patient session. */
export function isAutovacuum(blockers: readonly Blocker[]): boolean {
  return blockers.length > 0 && blockers.every(({ pid, user_name }) => pid !== 0 && user_name === null);
}

/** Names sessions so that an operator finds them, and knows what they do. */
export function describeBlockers(blockers: readonly Blocker[]): string {
  if (blockers.length === 0) {
    return 'a session that has gone meanwhile';
  }
  const named = blockers.slice(0, MAX_NAMED).map(describe);
  const more = blockers.length - named.length;
  return named.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function describe({ pid, user_name, application_name, state, seconds, query }: Blocker): string {
  if (pid === 0) {
    return 'a prepared transaction (see pg_prepared_xacts)';
  }
  if (user_name === null) {
    return `pid ${pid} (autovacuum, or another process of PostgreSQL itself)`;
  }
  const who = [`user ${user_name}`, ...(application_name ? [`application ${application_name}`] : [])];
  const what =
    state === null
      ? 'only a member of pg_read_all_stats may see what it does'
      : `${state} for ${seconds} s: ${(query ?? '').replace(/\s+/g, ' ').trim().slice(0, MAX_QUERY)}`;
  return `pid ${pid} (${who.join(', ')}, ${what})`;
}
