import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { SQLSTATE } from '../../shared/postgres/sqlstates';
import { serviceNames } from '../../shared/services';
import { Link } from '../../tools/chaos/rig/link';
import { freePorts } from '../../tools/support/free-ports';
import { MigrationRun } from '../support/migration-run';
import { createDatabase, createEmptyDatabase } from '../support/servers';

const run = promisify(execFile);

async function migrate(service: string, databaseUrl: string, ...options: string[]): Promise<string> {
  const args = ['dist/tools/deploy/migrate.js', service, ...options];
  const { stdout } = await run(process.execPath, args, {
    env: { ...process.env, DATABASE_URL: databaseUrl },
  });
  return stdout.trim();
}

async function withClient<T>(databaseUrl: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  return work(client).finally(() => client.end());
}

describe.each(serviceNames)('the migrations of %s', (service) => {
  test('add up to what schema.prisma describes', async () => {
    const [migrated, described] = await Promise.all([createDatabase(service), createEmptyDatabase(service)]);
    const sql = await migrate(service, described, '--describe');
    await withClient(described, (client) => client.query(sql));
    expect(await shapeOf(migrated)).toEqual(await shapeOf(described));
  });

  test('are applied once, however many replicas start at the same moment', async () => {
    const empty = await createEmptyDatabase(service);
    const outputs = await Promise.all([1, 2, 3].map(() => migrate(service, empty)));
    expect(outputs.filter((line) => line.startsWith(`${service}: applied `))).toHaveLength(1);
    expect(outputs.filter((line) => line === `${service}: up to date`)).toHaveLength(2);
    expect(await migrate(service, empty)).toBe(`${service}: up to date`);
  });
});

describe('a database that cannot be migrated yet', () => {
  const runs = (url: URL, waitMs?: number) =>
    new MigrationRun('order', url.href, waitMs === undefined ? {} : { waitMs });

  test('is waited for, and migrated once it accepts connections', async () => {
    const url = new URL(await createEmptyDatabase('order'));
    const target = Number(url.port);
    const link = new Link('to the database', () => [target]);
    const [port] = (await freePorts(1)) as [number];
    url.port = String(port);
    const run = runs(url);
    await run.says(`The database at 127.0.0.1:${port} cannot be reached`);
    await link.open(port);
    try {
      expect((await run.applied()).length).toBeGreaterThan(0);
    } finally {
      link.close();
    }
  });

  test('is waited for even if its name is not known yet, and no longer than is allowed', async () => {
    const run = runs(new URL('postgresql://order:secret@order-db-rw.invalid/order'), 10_000);
    await run.says('The database at order-db-rw.invalid:5432 cannot be reached');
    await run.ended();
    expect(run.output).toContain('Trying again');
    expect(run.status).toBe(1);
  });

  test.each([
    ['the password is wrong', { password: 'wrong' }, 'password authentication failed'],
    ['there is no such database', { pathname: 'nothing' }, 'database "nothing" does not exist'],
    ['there is no password', { password: '' }, 'client password must be a string'],
    ['the server has no TLS', { search: 'sslmode=verify-full' }, 'does not support SSL connections'],
  ])('is given up at once when %s', async (_, change, reason) => {
    const run = runs(Object.assign(new URL(await createEmptyDatabase('order')), change));
    await run.ended();
    expect([run.status, run.output]).toEqual([1, expect.stringContaining(reason)]);
    expect(run.output).not.toContain('Trying again');
  });
});

/**
 * Returns columns, keys and indexes, without what the Prisma schema language cannot express: checks, partial indexes
 * and those of expressions, and lists that are never null.
 */
async function shapeOf(databaseUrl: string): Promise<unknown> {
  const ours = `NOT IN ('_prisma_migrations')`;
  return withClient(databaseUrl, async (client) => ({
    columns: await rows(
      client,
      `SELECT table_name, column_name, data_type, udt_name, column_default, datetime_precision,
         CASE data_type WHEN 'ARRAY' THEN 'NO' ELSE is_nullable END AS is_nullable
       FROM information_schema.columns WHERE table_schema = 'public' AND table_name ${ours} ORDER BY 1, 2`,
    ),
    keys: await rows(
      client,
      `SELECT conrelid::regclass::text AS table_name, conname, pg_get_constraintdef(oid) AS definition
       FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f')
       AND conrelid::regclass::text ${ours} ORDER BY 1, 2`,
    ),
    indexes: await rows(
      client,
      `SELECT tablename, indexdef FROM pg_indexes JOIN pg_index ON indexrelid = indexname::regclass
       WHERE schemaname = 'public' AND indpred IS NULL AND indexprs IS NULL AND tablename ${ours} ORDER BY 1, 2`,
    ),
  }));
}

async function rows(client: Client, sql: string): Promise<unknown[]> {
  return (await client.query(sql)).rows;
}

describe('whatever the code does, the database refuses', () => {
  const clients = new Map<string, Client>();
  beforeAll(async () => {
    for (const service of serviceNames) {
      const client = new Client({ connectionString: await createDatabase(service) });
      await client.connect();
      clients.set(service, client);
    }
  });
  afterAll(async () => {
    for (const client of clients.values()) {
      await client.end();
    }
  });

  const id = randomBytes(4).toString('hex');
  const tooMuch = '9007199254740992';
  test.each([
    ['credit below zero', 'payment', 'users_credit', `INSERT INTO users VALUES ('${id}', -1)`],
    [
      'more credit than JSON can carry',
      'payment',
      'users_credit',
      `INSERT INTO users VALUES ('${id}', ${tooMuch})`,
    ],
    ['stock below zero', 'stock', 'items_available', `INSERT INTO items VALUES ('${id}', 1, -1)`],
    [
      'more stock than JSON can carry',
      'stock',
      'items_available',
      `INSERT INTO items VALUES ('${id}', 1, ${tooMuch})`,
    ],
    ['a negative price', 'stock', 'items_price', `INSERT INTO items VALUES ('${id}', -1, 0)`],
    [
      'an unknown state of a saga',
      'order',
      'sagas_state',
      `INSERT INTO sagas VALUES (gen_random_uuid(), '${id}', 'u', 1, 'HALF_PAID', NULL, '', now(), now(), now())`,
    ],
    [
      'an ended saga without the time of its end',
      'order',
      'sagas_settled',
      `INSERT INTO sagas VALUES (gen_random_uuid(), '${id}', 'u', 1, 'PAID', NULL, '', now(), now(), NULL)`,
    ],
  ])('%s', async (_title, service, constraint, sql) => {
    await expect(clients.get(service)?.query(sql)).rejects.toMatchObject({
      code: SQLSTATE.CHECK_VIOLATION,
      constraint,
    });
  });
});
