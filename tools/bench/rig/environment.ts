import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Pool } from 'pg';
import { root } from '../../../shared/root';
import { type ParticipantName, participantNames } from '../../../shared/services';
import { freePorts } from '../../support/free-ports';
import { type Postgres, startPostgres } from '../../support/postgres';
import { type Rabbit, startRabbit } from '../../support/rabbit';

const run = promisify(execFile);

export type Databases = Record<ParticipantName, string>;

/** The PostgreSQL and RabbitMQ that a benchmark runs on, with the same settings as in `npm start`. */
export interface Environment {
  readonly home: string;
  readonly postgresPort: number;
  readonly amqpUrl: string;
  /** Describes the broker that was found or started, for people. */
  readonly rabbit: string;
  /** Connects to the database `postgres` as superuser. */
  readonly admin: Pool;
  /** Returns the superuser's URL of any database. */
  url(database: string): string;
  /** Creates databases that have every table and no rows. `drop` removes them. */
  createDatabases(): Promise<{ urls: Databases; drop(): Promise<void> }>;
  /** Returns the roots of the process trees. */
  pids(): { postgres: number; rabbitmq: number };
  /** Applies changed settings. Resolves before the server takes connections again. */
  restartPostgres(): Promise<void>;
  stop(): Promise<void>;
}

export async function startEnvironment(home: string, say: (text: string) => void): Promise<Environment> {
  const [port, amqp, distribution, epmd] = (await freePorts(4)) as [number, number, number, number];
  const [postgres, rabbit] = await Promise.all([
    startPostgres({ home, port, databases: participantNames, say }).then(migrateTemplates),
    startRabbit({ home, ports: { amqp, distribution, epmd }, say }),
  ]);
  // When run as root, the data is not in `home`, so removing `home` does not remove it.
  process.once('exit', () => rmSync(postgres.dataDir, { recursive: true, force: true }));
  const admin = new Pool({ connectionString: postgres.url('postgres'), max: 4 });
  admin.on('error', () => {});
  const url = (database: string) => withDatabase(postgres.url('postgres'), database);
  let sets = 0;
  return {
    home,
    postgresPort: port,
    amqpUrl: rabbit.amqpUrl,
    rabbit: rabbit.description,
    admin,
    url,
    async createDatabases() {
      const set = ++sets;
      for (const service of participantNames) {
        await admin.query(`CREATE DATABASE "${service}_${set}" TEMPLATE "${service}" OWNER "${service}"`);
      }
      return {
        urls: Object.fromEntries(
          participantNames.map((service) => [
            service,
            withDatabase(postgres.url(service), `${service}_${set}`),
          ]),
        ) as Databases,
        async drop() {
          for (const service of participantNames) {
            await admin.query(`DROP DATABASE "${service}_${set}" WITH (FORCE)`);
          }
        },
      };
    },
    pids: () => ({ postgres: recordedPid(home, 'postgres'), rabbitmq: recordedPid(home, 'rabbitmq') }),
    restartPostgres: () => postgres.restart('SIGINT'),
    stop: () => stop({ admin, postgres, rabbit }),
  };
}

/** Creates the tables in the databases that others are cloned from. */
async function migrateTemplates(postgres: Postgres): Promise<Postgres> {
  const command = join(root, 'dist/tools/deploy/migrate.js');
  const migrations = participantNames.map((service) =>
    run(process.execPath, [command, service], { env: { DATABASE_URL: postgres.url(service) } }),
  );
  await Promise.all(migrations);
  return postgres;
}

async function stop({ admin, postgres, rabbit }: { admin: Pool; postgres: Postgres; rabbit: Rabbit }) {
  await admin.end();
  // The broker's data is thrown away, so it is killed: a clean stop takes seconds.
  rabbit.kill();
  await postgres.stop();
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = database;
  return changed.href;
}

function recordedPid(home: string, name: string): number {
  return JSON.parse(readFileSync(join(home, 'running', `${name}.json`), 'utf8')).pid;
}
