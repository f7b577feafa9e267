import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { SQLSTATE } from '../../shared/postgres/sqlstates';
import { serviceNames } from '../../shared/services';
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

/**
 * Returns columns, keys and indexes, without what the Prisma schema language cannot express: checks, partial indexes,
 * and lists that are never null.
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
       WHERE schemaname = 'public' AND indpred IS NULL AND tablename ${ours} ORDER BY 1, 2`,
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
