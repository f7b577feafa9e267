// Starts the PostgreSQL and the RabbitMQ that all tests share, on free ports and with their own data, so that they do
// not collide with a running shop or another test run.
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../shared/root';
import { serviceNames } from '../../shared/services';
import { freePorts } from '../../tools/support/free-ports';
import { type Postgres, startPostgres } from '../../tools/support/postgres';
import { stopLeftovers } from '../../tools/support/process';
import { startRabbit } from '../../tools/support/rabbit';
import { isLocked, takeLock } from '../../tools/support/run-lock';

const prefix = 'chandlery-test-';
const run = promisify(execFile);

export default async function globalSetup(): Promise<void> {
  await clearAbandoned();
  const home = mkdtempSync(join(tmpdir(), prefix));
  // PostgreSQL may have to run as another user, who must be able to reach the data.
  chmodSync(home, 0o755);
  process.once('exit', () => rmSync(home, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => process.exit(1));
  }
  takeLock(home);

  const [postgresPort, ...free] = (await freePorts(6)) as Six<number>;
  const [amqp, management, metrics, distribution, epmd] = free;
  const ports = { amqp, management, metrics, distribution, epmd };
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const [postgres, rabbit] = await Promise.all([
    startPostgres({ home, port: postgresPort, databases: serviceNames, say }).then(migrateAll),
    startRabbit({ home, ports, say }),
  ]);
  say(`The tests run on ${rabbit.description}.`);
  process.env.TEST_POSTGRES_URL = postgres.url('postgres');
  process.env.TEST_AMQP_URL = rabbit.amqpUrl;
  process.env.TEST_RABBIT_API = `http://127.0.0.1:${management}/api`;
  process.env.TEST_RABBIT_METRICS = `http://127.0.0.1:${metrics}/metrics`;
  globalThis.stopServers = async () => {
    // The broker's data is thrown away, and a clean stop takes seconds.
    rabbit.kill();
    await postgres.stop();
  };
}

type Six<T> = [T, T, T, T, T, T];
declare global {
  var stopServers: () => Promise<void>;
}

/** Runs the command that a deployment uses. The databases are the templates that tests clone. */
async function migrateAll(postgres: Postgres): Promise<Postgres> {
  const command = join(root, 'dist/tools/deploy/migrate.js');
  const migrations = serviceNames.map((service) =>
    run(process.execPath, [command, service], {
      env: { ...process.env, DATABASE_URL: postgres.url(service) },
    }),
  );
  await Promise.all(migrations);
  return postgres;
}

/** Stops the servers of earlier runs that were killed, and deletes their data. */
async function clearAbandoned(): Promise<void> {
  const homes = readdirSync(tmpdir()).filter((name) => name.startsWith(prefix));
  for (const home of homes.map((name) => join(tmpdir(), name))) {
    // A new folder may belong to a run that has not locked it yet.
    const isNew = Date.now() - statSync(home).mtimeMs < 60_000;
    if (isNew || isLocked(home)) {
      continue;
    }
    await stopLeftovers(join(home, 'running'));
    rmSync(home, { recursive: true, force: true });
  }
}
