import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { root } from '../../../shared/root';
import { type ParticipantName, perParticipantAsync } from '../../../shared/services';
import { freePorts } from '../../support/free-ports';
import { createClock, type JumpingClock } from './clock';
import { Link, withPort } from './link';
import { query } from './query';
import { ReplicatedPostgres } from './replicated-postgres';

const run = promisify(execFile);
const HOUR_MS = 3_600_000;

/** The shop's PostgreSQL servers, which faults can break: each service has its own, with a synchronous standby. */
export interface Databases {
  /** The servers' clock, if it can be made to jump. */
  readonly clock: JumpingClock | undefined;
  /** The port of a service's primary. It changes when that is lost. */
  portOf(service: ParticipantName): number;
  /** Returns the URL of a service's database. It leads to the primary, whichever server that is. */
  url(service: ParticipantName): string;
  /**
   * Stops every primary, and their supervisor starts them again. Resolves when their standbys have caught up.
   * @param signal SIGINT for an orderly shutdown, SIGQUIT for a crash
   */
  restart(signal: 'SIGINT' | 'SIGQUIT'): Promise<void>;
  /** Crashes the standby of a service. Resolves when it is back. */
  restartStandby(service: ParticipantName): Promise<void>;
  /** Kills the primary of a service for good, and promotes its standby. Resolves when there is a new standby. */
  failOver(service: ParticipantName, onKilled: () => void): Promise<void>;
  /** Terminates every connection of a service, whatever it is doing. Returns how many there were. */
  terminateBackends(service: ParticipantName): Promise<number>;
  /** Copies the database of a service, whose connections are lost for that. Returns the name of the copy. */
  copy(service: ParticipantName): Promise<string>;
  /**
   * Puts a copy in the place of a service's database. Nothing may use either.
   * @returns the name of the database that was replaced
   */
  restore(service: ParticipantName, copy: string): Promise<string>;
  /** Returns the URL of a copy or of a replaced database. */
  urlOf(service: ParticipantName, database: string): string;
  stop(): Promise<void>;
}

export async function startDatabases(home: string, say: (text: string) => void): Promise<Databases> {
  const offered = createClock(home);
  const servers = await perParticipantAsync((database) =>
    ReplicatedPostgres.start({ home, database, say, env: offered?.env }),
  );
  const clock = (await jumps(offered, servers.order)) ? offered : undefined;
  await perParticipantAsync((service) => migrate(service, servers[service]));
  const links = await perParticipantAsync((service) => openLink(service, servers[service]));
  const admin = (service: ParticipantName) => servers[service].url('postgres');
  let copies = 0;
  return {
    clock,
    portOf: (service) => servers[service].port,
    url: (service) => links[service].url,
    async restart(signal) {
      await perParticipantAsync((service) => servers[service].restart(signal));
    },
    restartStandby: (service) => servers[service].restartStandby(),
    failOver: (service, onKilled) => servers[service].failOver(onKilled),
    terminateBackends,
    async copy(service) {
      const copy = `${service}_copy_${++copies}`;
      await query(admin(service), `ALTER DATABASE "${service}" ALLOW_CONNECTIONS false`);
      try {
        while ((await terminateBackends(service)) > 0) {
          await sleep(20);
        }
        await query(admin(service), `CREATE DATABASE ${copy} TEMPLATE "${service}" OWNER "${service}"`);
      } finally {
        await query(admin(service), `ALTER DATABASE "${service}" ALLOW_CONNECTIONS true`);
      }
      return copy;
    },
    async restore(service, copy) {
      const replaced = `${service}_replaced_${++copies}`;
      await query(admin(service), `ALTER DATABASE "${service}" ALLOW_CONNECTIONS false`);
      while ((await terminateBackends(service)) > 0) {
        await sleep(20);
      }
      await query(admin(service), `ALTER DATABASE "${service}" RENAME TO ${replaced}`);
      await query(admin(service), `ALTER DATABASE ${replaced} ALLOW_CONNECTIONS true`);
      await query(admin(service), `ALTER DATABASE ${copy} RENAME TO "${service}"`);
      return replaced;
    },
    urlOf(service, database) {
      const url = new URL(links[service].url);
      url.pathname = database;
      return url.href;
    },
    async stop() {
      await perParticipantAsync(async (service) => {
        links[service].link.close();
        await servers[service].stop();
      });
    },
  };

  async function terminateBackends(service: ParticipantName): Promise<number> {
    const rows = await query(
      admin(service),
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1',
      [service],
    );
    return rows.length;
  }
}

/** Opens an address that always leads to the primary, for what is not a part of the shop. */
async function openLink(
  service: ParticipantName,
  server: ReplicatedPostgres,
): Promise<{ link: Link; url: string }> {
  const link = new Link(`the rig to the database of ${service}`, () => [server.port]);
  const [port] = (await freePorts(1)) as [number];
  await link.open(port);
  return { link, url: withPort(server.url(service), port) };
}

/** A library that cannot be loaded is ignored by the server, so the clock is tried out. */
async function jumps(clock: JumpingClock | undefined, server: ReplicatedPostgres): Promise<boolean> {
  if (clock === undefined) {
    return false;
  }
  clock.setOffset(HOUR_MS);
  const [row] = await query<{ ahead: boolean }>(
    server.url('postgres'),
    `SELECT clock_timestamp() > to_timestamp($1 / 1000.0) + interval '59 minutes' AS ahead`,
    [Date.now()],
  );
  clock.setOffset(0);
  return row?.ahead === true;
}

async function migrate(service: ParticipantName, server: ReplicatedPostgres): Promise<void> {
  const command = join(root, 'dist/tools/deploy/migrate.js');
  // A separate process, because the migration engine keeps tens of megabytes for as long as it is loaded.
  await run(process.execPath, [command, service], { env: { DATABASE_URL: server.url(service) } });
}
