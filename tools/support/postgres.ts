import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { postgresTrust, type ServerCertificate } from './certificates';
import { initialise, installCertificate, postgresDataDir } from './postgres-data';
import { postgresPrograms } from './postgres-programs';
import { endOf, type Recorded, type Stoppable, startOf } from './process';
import { secretIn } from './secret';
import { keepRunning, type Supervised } from './supervise';

export interface Postgres {
  /** Returns the URL of a database, for the role of the same name. `postgres` is the superuser. */
  url(database: string): string;
  dataDir: string;
  /** Stops the server with a signal; its supervisor then restarts it. Resolves when it has stopped. */
  restart(signal: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
  kill(): void;
}

export interface PostgresOptions {
  /** All files are kept below this folder, unless the server's user cannot reach it. */
  home: string;
  port: number;
  databases: readonly string[];
  say(text: string): void;
  /** Needed when a run has several servers. */
  program?: Recorded;
  /** With it, the server refuses connections without TLS. Its hosts need to contain `localhost`. */
  tls?: ServerCertificate | undefined;
  /** Environment variables of the server, besides those that it needs. */
  env?: NodeJS.ProcessEnv | undefined;
  /** Called as soon as the process exists, before it accepts connections. */
  started?(server: Stoppable): void;
}

// Sized for a developer's machine that also runs everything else. Durability stays at its default: on.
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '300',
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  jit: 'off',
  log_lock_waits: 'on',
};

/** Starts a private PostgreSQL server. It has a database for each name, owned by a role of that name. */
export async function startPostgres({
  home,
  port,
  databases,
  say,
  program = { name: 'postgres', recordsDir: join(home, 'running') },
  tls,
  env,
  started,
}: PostgresOptions): Promise<Postgres> {
  mkdirSync(home, { recursive: true });
  const programs = postgresPrograms();
  const dataDir = postgresDataDir(home, programs);
  // Every account on the machine can reach the port, and a PostgreSQL superuser can run programs.
  const password = secretIn(join(home, 'postgres-password'));
  if (!existsSync(dataDir)) {
    initialise(programs, dataDir, password);
  }
  await clearStalePid(dataDir);

  const encrypting = tls === undefined ? {} : installCertificate(programs, dataDir, tls);
  const flags = Object.entries({ ...settings, ...encrypting }).map(([key, value]) => `--${key}=${value}`);
  const logFile = join(home, 'log/postgres.log');
  const server = keepRunning(
    {
      ...program,
      command: programs.postgres,
      args: ['-D', dataDir, '-p', String(port), ...flags],
      env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC', ...env },
      user: programs.user,
      logFile,
      // SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every client to disconnect.
      stopSignal: 'SIGINT',
    },
    say,
  );
  started?.(server);
  const trust = tls === undefined ? '' : postgresTrust(tls.authorityFile);
  const url = (name: string) => `postgresql://${name}:${password}@127.0.0.1:${port}/${name}${trust}`;
  try {
    const admin = await connect(url('postgres'), server, logFile);
    for (const name of databases) {
      await ensureDatabase(admin, name, password);
    }
    await admin.end();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { url, dataDir, restart: server.restart, stop: server.stop, kill: server.kill };
}

/**
 * After a crash, the file names a process that has ended. Its id may now belong to another process, which PostgreSQL
 * would take for a running server. Programs that we had started ourselves have been stopped before this.
 */
async function clearStalePid(dataDir: string): Promise<void> {
  const file = join(dataDir, 'postmaster.pid');
  if (!existsSync(file)) {
    return;
  }
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  if (isServerOf(pid, dataDir)) {
    process.kill(pid, 'SIGINT');
    while (startOf(pid) !== undefined) {
      await sleep(50);
    }
  }
  rmSync(file, { force: true });
}

function isServerOf(pid: number, dataDir: string): boolean {
  if (startOf(pid) === undefined) {
    return false;
  }
  const { stdout } = spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  const commandLine = existsSync('/proc/self/cmdline')
    ? readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    : stdout;
  return commandLine.includes(dataDir);
}

async function connect(url: string, server: Supervised, logFile: string): Promise<Client> {
  for (const end = Date.now() + 60_000; ; await sleep(25)) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    try {
      await client.connect();
      return client;
    } catch (cause) {
      await client.end().catch(() => {});
      if (server.isRunning() && Date.now() < end) {
        continue;
      }
      throw new Error(`PostgreSQL did not start. The end of its log (${logFile}):\n${endOf(logFile)}`, {
        cause,
      });
    }
  }
}

async function ensureDatabase(admin: Client, name: string, password: string): Promise<void> {
  const id = admin.escapeIdentifier(name);
  const roles = await admin.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name]);
  if (roles.rowCount === 0) {
    await admin.query(`CREATE ROLE ${id} LOGIN`);
  }
  await admin.query(`ALTER ROLE ${id} PASSWORD ${admin.escapeLiteral(password)}`);
  const existing = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
  if (existing.rowCount === 0) {
    await admin.query(`CREATE DATABASE ${id} OWNER ${id}`);
  }
}
