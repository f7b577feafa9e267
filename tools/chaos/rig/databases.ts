import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { root } from '../../../shared/root';
import { type ServiceName, serviceNames } from '../../../shared/services';
import { type Postgres, startPostgres } from '../../support/postgres';

const run = promisify(execFile);

/** The shop's PostgreSQL, which faults can break. */
export interface Databases {
  readonly port: number;
  url(service: ServiceName): string;
  /**
   * Stops the server, which its supervisor starts again. Resolves when the server answers queries.
   * @param signal SIGINT for an orderly shutdown, SIGQUIT for a crash
   */
  restart(signal: 'SIGINT' | 'SIGQUIT'): Promise<void>;
  /** Terminates every connection of a service, whatever it is doing. Returns how many there were. */
  terminateBackends(service: ServiceName): Promise<number>;
  stop(): Promise<void>;
}

export async function startDatabases(
  home: string,
  port: number,
  say: (text: string) => void,
): Promise<Databases> {
  const postgres = await startPostgres({ home, port, databases: serviceNames, say });
  await Promise.all(serviceNames.map((service) => migrate(service, postgres)));
  return {
    port,
    url: postgres.url,
    stop: postgres.stop,
    async restart(signal) {
      await postgres.restart(signal);
      await waitUntilReady(postgres.url('postgres'));
    },
    async terminateBackends(service) {
      const rows = await query(
        postgres.url('postgres'),
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1',
        [service],
      );
      return rows.length;
    },
  };
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
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Runs one query on a connection of its own. */
export async function query<Row extends object>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = await connectTo(url);
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Opens a connection. When it is lost, its queries fail, and nothing else. */
export async function connectTo(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 30_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}
