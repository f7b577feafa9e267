import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { SAGA_LOCK_TIMEOUT_MS } from '../../shared/service/run-participant';
import { query } from '../support/books';
import { MigrationRun, openTransaction, writeMigrations } from '../support/migration-run';
import { createDatabase } from '../support/servers';
import { until } from '../support/until';

/** A migration shares its database with a shop that sells, and may be killed at any moment. */
let url: string;
const runs: MigrationRun[] = [];
const clients: Client[] = [];

beforeEach(async () => {
  url = await createDatabase('order');
  await query(url, `INSERT INTO orders SELECT 'order-' || n, 'buyer' FROM generate_series(1, 100) AS n`);
});
afterEach(async () => {
  await Promise.all(runs.splice(0).map((run) => run.kill()));
  await Promise.all(clients.splice(0).map((client) => client.end()));
});

function migrate(scripts: Record<string, string>, waitMs?: number, roles?: object): MigrationRun {
  const options = { folder: writeMigrations(scripts), ...(waitMs !== undefined && { waitMs }), ...roles };
  const run = new MigrationRun('order', url, options);
  runs.push(run);
  return run;
}

async function transaction(sql: string) {
  const client = await openTransaction(url, sql);
  clients.push(client);
  return client;
}

async function administrator(): Promise<Client> {
  const { username, password } = new URL(process.env.TEST_POSTGRES_URL ?? '');
  const admin = new Client(Object.assign(new URL(url), { username, password }).href);
  clients.push(admin);
  await admin.connect();
  return admin;
}

const history = () =>
  query(url, 'SELECT migration_name, finished_at IS NOT NULL AS finished FROM _prisma_migrations ORDER BY 1');
/** The builder of an index waits for who has written to the table. */
const WRITE = `UPDATE orders SET user_id = 'another' WHERE id = 'order-100'`;
const ADD_NOTE = { '1_add_note': 'ALTER TABLE orders ADD COLUMN note TEXT' };
const INDEX =
  '-- migrate: no transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS by_user ON orders (user_id);';
const validity = async () =>
  (
    await query<{ valid: boolean }>(
      url,
      `SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 'by_user'::regclass`,
    )
  )[0]?.valid;

/** Writers as the saga is: one that does not get its lock in time fails. */
class Writers {
  readonly done: number[] = Array(20).fill(0);
  readonly errors: Error[] = [];
  private readonly loops: Promise<void>[];
  private stopped = false;

  constructor() {
    this.loops = this.done.map((_, i) => this.write(i));
  }

  private async write(i: number): Promise<void> {
    const client = new Client({ connectionString: url, lock_timeout: SAGA_LOCK_TIMEOUT_MS });
    client.on('error', () => {});
    await client.connect();
    try {
      while (!this.stopped) {
        await client.query('UPDATE orders SET saga_id = gen_random_uuid() WHERE id = $1', [`order-${i + 1}`]);
        this.done[i] = (this.done[i] ?? 0) + 1;
      }
    } catch (error) {
      this.errors.push(error as Error);
    }
    await client.end();
  }

  /** Resolves once each has written again, or one has failed. */
  async goOn(): Promise<void> {
    const before = [...this.done];
    await until(() => this.errors.length > 0 || this.done.every((done, i) => done > (before[i] as number)));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.loops);
  }
}

describe('behind a session that stays idle in its transaction', () => {
  test('20 writers go on, the reader is named, and the migration gets through when it ends', async () => {
    const reader = await transaction('SELECT * FROM orders');
    const writers = new Writers();
    const run = migrate(ADD_NOTE);
    await run.says(`pid ${reader.pid} (user order, application a report, idle in transaction for `);
    expect(run.output).toContain('SELECT * FROM orders');
    await run.says('requests pass meanwhile', 3);
    await writers.goOn();
    await reader.query('COMMIT');
    expect(await run.applied()).toEqual(['1_add_note']);
    await writers.stop();
    expect(writers.errors).toEqual([]);
    expect(await query(url, 'SELECT note FROM orders LIMIT 1')).toEqual([{ note: null }]);
  });

  test('a migration whose time is up says who was in the way and what to do, and leaves nothing', async () => {
    const reader = await transaction('SELECT * FROM orders');
    const run = migrate(ADD_NOTE, 1_200);
    await run.ended();
    expect(run.status).toBe(1);
    expect(run.output).toContain(`has waited 1 s for pid ${reader.pid} (user order`);
    expect(run.output).toContain('end it with SELECT pg_terminate_backend(pid). Then run this again');
    expect(await history()).not.toContainEqual(expect.objectContaining({ migration_name: '1_add_note' }));
    await reader.query('COMMIT');
    expect(await migrate(ADD_NOTE).applied()).toEqual(['1_add_note']);
  });

  test('an index is built concurrently, and no writer waits for it', async () => {
    const writer = await transaction(WRITE);
    const writers = new Writers();
    const run = migrate({ '1_index': INDEX });
    await run.says(`1_index waits for pid ${writer.pid} (user order`);
    await writers.goOn();
    await writer.query('COMMIT');
    expect(await run.applied()).toEqual(['1_index']);
    await writers.stop();
    expect(writers.errors).toEqual([]);
    expect(await validity()).toBe(true);
  });
});

test('rights are granted once another grant is done, and the run says so', async () => {
  const role = `reader_${randomBytes(6).toString('hex')}`;
  const admin = await administrator();
  await admin.query(`CREATE ROLE ${role}`);
  const granting = await transaction(`GRANT SELECT ON orders TO ${role}`);
  const run = migrate({}, undefined, { roles: { auditor: role } });
  await run.says(`Granting rights to ${role} waits for a lock of pid ${granting.pid}`);
  await granting.query('COMMIT');
  await run.applied();
  const rights = `SELECT has_table_privilege('${role}', 'sagas', 'SELECT') AS reads`;
  expect(await query(url, rights)).toEqual([{ reads: true }]);
  await admin.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
});

describe('a run that is killed', () => {
  test('while it waits for a lock has done nothing, and the next one does it', async () => {
    const reader = await administrator();
    await reader.query('BEGIN; SELECT * FROM orders');
    const run = migrate(ADD_NOTE);
    await run.says('(user postgres, only a member of pg_read_all_stats may see what it does)');
    await run.kill();
    await reader.query('COMMIT');
    expect(await migrate(ADD_NOTE).applied()).toEqual(['1_add_note']);
  });

  test('in the middle of a script has done nothing: the next one waits until the server knows, and does it once', async () => {
    const scripts = {
      '1_slow': `ALTER TABLE orders ADD COLUMN note TEXT; UPDATE orders SET note = 'new' WHERE note IS NULL;
                 SELECT pg_sleep(300); CREATE TABLE last_of_all (id TEXT)`,
    };
    const run = migrate(scripts);
    const sleeping = `SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()`;
    await until(async () => (await query(url, sleeping)).length === 1);
    await run.kill();
    const quick = { '1_slow': scripts['1_slow'].replace('pg_sleep(300)', 'pg_sleep(0)') };
    expect(await migrate(quick).applied()).toEqual(['1_slow']);
    expect(await history()).toContainEqual({ migration_name: '1_slow', finished: true });
  });

  test('while it builds an index leaves an invalid one, which the next one builds anew', async () => {
    const writer = await transaction(WRITE);
    const run = migrate({ '1_index': INDEX });
    await run.says('1_index waits for');
    await run.kill();
    expect(await history()).toContainEqual({ migration_name: '1_index', finished: false });
    const next = migrate({ '1_index': INDEX });
    await next.says('builds the index by_user anew');
    await writer.query('COMMIT');
    expect(await next.applied()).toEqual(['1_index']);
    expect(await validity()).toBe(true);
    expect(await history()).toContainEqual({ migration_name: '1_index', finished: true });
  });

  test('between the end of an index and the record of it is gone on with', async () => {
    await migrate({ '1_index': INDEX }).applied();
    await query(url, `UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '1_index'`);
    expect(await migrate({ '1_index': INDEX }).applied()).toEqual(['1_index']);
    expect(await history()).toContainEqual({ migration_name: '1_index', finished: true });
  });

  test('between two batches of a long change is gone on with', async () => {
    const batches = (pause: number) => `-- migrate: no transaction
      DO $$ BEGIN LOOP
        UPDATE orders SET note = 'new' WHERE id IN (SELECT id FROM orders WHERE note IS NULL LIMIT 10);
        EXIT WHEN NOT FOUND; COMMIT; PERFORM pg_sleep(${pause});
      END LOOP; END $$;`;
    const run = migrate({ ...ADD_NOTE, '2_fill_note': batches(1) });
    const isFilling = (row: object) => 'migration_name' in row && row.migration_name === '2_fill_note';
    const filled = async () => (await query(url, 'SELECT FROM orders WHERE note IS NOT NULL')).length;
    await until(async () => (await history()).some(isFilling) && (await filled()) > 0);
    await run.kill();
    expect(await migrate({ ...ADD_NOTE, '2_fill_note': batches(0) }).applied()).toEqual(['2_fill_note']);
    expect(await filled()).toBe(100);
  });
});

test('two runs do everything once, even if one of them waits while the other builds an index', async () => {
  const writer = await transaction(WRITE);
  const scripts = { ...ADD_NOTE, '0_index': INDEX };
  const first = migrate(scripts);
  await first.says('0_index waits for');
  const second = migrate(scripts);
  await second.says('Another run is migrating this database: pid ');
  expect(second.output).toContain('application chandlery migrate order, active for ');
  await writer.query('COMMIT');
  expect([await first.applied(), await second.applied()]).toEqual([['0_index', '1_add_note'], []]);
});

test.each([
  [
    'an index that is built concurrently in a transaction',
    'CREATE INDEX CONCURRENTLY IF NOT EXISTS by_user ON orders (user_id)',
    'Put that statement alone into a migration whose first line is "-- migrate: no transaction"',
  ],
  [
    'several statements without a transaction',
    '-- migrate: no transaction\nALTER TABLE orders ADD COLUMN note TEXT; ALTER TABLE orders ADD COLUMN more TEXT',
    'cannot insert multiple commands into a prepared statement',
  ],
  ['an end of the transaction', 'ALTER TABLE orders ADD COLUMN note TEXT; COMMIT', 'must not say COMMIT'],
  [
    'a mistake',
    'ALTER TABLE orders ADD COLUMN note TEXT; SELECT 1 / 0',
    'division by zero. Nothing of it was applied',
  ],
])('%s is refused, and nothing of it is applied', async (_title, script, text) => {
  const run = migrate({ '1_wrong': script });
  await run.ended();
  expect(run.status).toBe(1);
  expect(run.output).toContain(text);
  expect(
    await query(url, `SELECT FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'note'`),
  ).toEqual([]);
});
