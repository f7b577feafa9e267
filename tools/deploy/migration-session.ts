import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { reasonOf } from '../../shared/errors';
import { applicationName } from '../../shared/postgres/application-name';
import { databaseCauseOf } from '../../shared/postgres/errors';
import { holdersOf } from './blockers';
import { SAY_EVERY_MS, type Session, until } from './patience';

/** The lock that Prisma's own commands take, so that they and we exclude each other. */
const MIGRATION_LOCK = 72_707_369;

const RETRY_MS = 1_000;

/** Opens the two connections of a run, and begins once the database is up and no other run migrates it. */
export async function withSession<T>(
  databaseUrl: string,
  { name, waitMs, say }: { name: string; waitMs: number; say(text: string): void },
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const client = await openPatiently(databaseUrl, name, waitMs, say);
  const watcher = await open(databaseUrl, `${name} (watching)`).catch(async (error) => {
    await client.end();
    throw error;
  });
  try {
    const [row] = (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows;
    const session = { client, watcher, pid: row?.pid ?? 0, waitMs, say };
    // Not pg_advisory_lock: who waits in it has a snapshot, and an index that is built concurrently waits for that.
    const tryLock = async () =>
      (await client.query('SELECT pg_try_advisory_lock($1) AS taken', [MIGRATION_LOCK])).rows[0].taken;
    await until(session, 'Another run is migrating this database', tryLock, () =>
      holdersOf(watcher, MIGRATION_LOCK),
    );
    return await work(session);
  } finally {
    // Closing the connection releases the lock.
    await Promise.all([client.end(), watcher.end()]);
  }
}

/** Waits for a database whose address or server is not there yet: everything may be starting together. */
async function openPatiently(
  databaseUrl: string,
  name: string,
  waitMs: number,
  say: (text: string) => void,
): Promise<Client> {
  const end = Date.now() + waitMs;
  for (let said = 0; ; await sleep(RETRY_MS)) {
    try {
      return await open(databaseUrl, name);
    } catch (error) {
      if (!isNotThereYet((error as Error).cause) || Date.now() + RETRY_MS > end) {
        throw error;
      }
      if (Date.now() - said > SAY_EVERY_MS) {
        said = Date.now();
        say(`${(error as Error).message}. Trying again.`);
      }
    }
  }
}

/**
 * Whether there is no server yet, or none that takes connections. Anything else is wrong with the address, the login or the
 * rights: waiting does not help, and somebody may sit in front of it.
 */
function isNotThereYet(error: unknown): boolean {
  // The system's codes, but not those of Node.js itself (ERR_…). SQLSTATEs do not begin with an E.
  const { code = '' } = error as NodeJS.ErrnoException;
  return /^E(?!RR_)/.test(code) || databaseCauseOf(error) === 'unreachable';
}

async function open(databaseUrl: string, name: string): Promise<Client> {
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 10_000,
    application_name: applicationName(name),
  });
  // The call that breaks reports the error; without a listener the event would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    // An index of a large table takes long, whatever the role may do otherwise.
    await client.query('SET statement_timeout = 0');
    // When this program is killed, the server gives up its work soon, and not at its end. Not every platform can do that.
    await client.query(`SET client_connection_check_interval = '2s'`).catch(throwIfUnreachable);
    return client;
  } catch (error) {
    // A login that fails here, and not at the server, leaves the connection open.
    client.end().catch(() => {});
    const { hostname, port } = new URL(databaseUrl);
    throw new Error(
      `The database at ${hostname}:${port || 5432} cannot be reached or refuses the login: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

function throwIfUnreachable(error: unknown): void {
  if (isNotThereYet(error)) {
    throw error;
  }
}
