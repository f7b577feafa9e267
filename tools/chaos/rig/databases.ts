import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { root } from '../../../shared/root';
import { type ServiceName, serviceNames } from '../../../shared/services';
import { type Postgres, startPostgres } from '../../support/postgres';
import { createClock, type JumpingClock } from './clock';
import { query } from './query';

const run = promisify(execFile);
const HOUR_MS = 3_600_000;

/** The shop's PostgreSQL, which faults can break. */
export interface Databases {
  readonly port: number;
  /** The server's clock, if it can be made to jump. */
  readonly clock: JumpingClock | undefined;
  url(service: ServiceName): string;
  /**
   * Stops the server, which its supervisor starts again. Resolves when the server answers queries.
   * @param signal SIGINT for an orderly shutdown, SIGQUIT for a crash
   */
  restart(signal: 'SIGINT' | 'SIGQUIT'): Promise<void>;
  /** Terminates every connection of a service, whatever it is doing. Returns how many there were. */
  terminateBackends(service: ServiceName): Promise<number>;
  /** Copies the database of a service, whose connections are lost for that. Returns the name of the copy. */
  copy(service: ServiceName): Promise<string>;
  /**
   * Puts a copy in the place of a service's database. Nothing may use either.
   * @returns the name of the database that was replaced
   */
  restore(service: ServiceName, copy: string): Promise<string>;
  /** Returns the URL of a copy or of a replaced database. */
  urlOf(service: ServiceName, database: string): string;
  stop(): Promise<void>;
}

export async function startDatabases(
  home: string,
  port: number,
  say: (text: string) => void,
): Promise<Databases> {
  const offered = createClock(home);
  const postgres = await startPostgres({ home, port, databases: serviceNames, say, env: offered?.env });
  const admin = postgres.url('postgres');
  let copies = 0;
  const clock = (await jumps(offered, postgres)) ? offered : undefined;
  await Promise.all(serviceNames.map((service) => migrate(service, postgres)));
  return {
    port,
    clock,
    url: postgres.url,
    stop: postgres.stop,
    async restart(signal) {
      await postgres.restart(signal);
      await waitUntilReady(admin);
    },
    terminateBackends,
    async copy(service) {
      const copy = `${service}_copy_${++copies}`;
      await query(admin, `ALTER DATABASE "${service}" ALLOW_CONNECTIONS false`);
      try {
        while ((await terminateBackends(service)) > 0) {
          await sleep(20);
        }
        await query(admin, `CREATE DATABASE ${copy} TEMPLATE "${service}" OWNER "${service}"`);
      } finally {
        await query(admin, `ALTER DATABASE "${service}" ALLOW_CONNECTIONS true`);
      }
      return copy;
    },
    async restore(service, copy) {
      const replaced = `${service}_replaced_${++copies}`;
      await query(admin, `ALTER DATABASE "${service}" ALLOW_CONNECTIONS false`);
      while ((await terminateBackends(service)) > 0) {
        await sleep(20);
      }
      await query(admin, `ALTER DATABASE "${service}" RENAME TO ${replaced}`);
      await query(admin, `ALTER DATABASE ${replaced} ALLOW_CONNECTIONS true`);
      await query(admin, `ALTER DATABASE ${copy} RENAME TO "${service}"`);
      return replaced;
    },
    urlOf(service, database) {
      const url = new URL(postgres.url(service));
      url.pathname = database;
      return url.href;
    },
  };

  async function terminateBackends(service: ServiceName): Promise<number> {
    const rows = await query(
      admin,
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1',
      [service],
    );
    return rows.length;
  }
}

/** A library that cannot be loaded is ignored by the server, so the clock is tried out. */
async function jumps(clock: JumpingClock | undefined, { url }: Postgres): Promise<boolean> {
  if (clock === undefined) {
    return false;
  }
  clock.setOffset(HOUR_MS);
  const [row] = await query<{ ahead: boolean }>(
    url('postgres'),
    `SELECT clock_timestamp() > to_timestamp($1 / 1000.0) + interval '59 minutes' AS ahead`,
    [Date.now()],
  );
  clock.setOffset(0);
  return row?.ahead === true;
}

async function migrate(service: ServiceName, { url }: Postgres): Promise<void> {
  const command = join(root, 'dist/tools/deploy/migrate.js');
  // A separate process, because the migration engine keeps tens of megabytes for as long as it is loaded.
  await run(process.execPath, [command, service], { env: { DATABASE_URL: url(service) } });
}

async function waitUntilReady(url: string): Promise<void> {
  for (const end = Date.now() + 60_000; ; ) {
    try {
      await query(url, 'SELECT 1');
      return;
    } catch (cause) {
      if (Date.now() > end) {
        throw new Error('PostgreSQL did not come back within a minute.', { cause });
      }
      await sleep(50);
    }
  }
}
