import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../tools/support/free-ports';
import { type Postgres, startPostgres } from '../../tools/support/postgres';
import { query } from '../support/books';
import { MigrationRun, writeMigrations } from '../support/migration-run';
import { until } from '../support/until';

/** A server of its own: among the databases of other tests, PostgreSQL may not come to vacuum this one for minutes. */
let server: Postgres;
let home: string;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'chandlery-vacuum-'));
  const [port] = (await freePorts(1)) as [number];
  server = await startPostgres({ home, port, databases: ['order'], say: () => undefined });
});
afterAll(async () => {
  await server.stop();
  for (const folder of [home, server.dataDir]) {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('an automatic vacuum gives way to a migration', async () => {
  const url = server.url('order');
  const vacuums = `SELECT FROM pg_stat_activity
                   WHERE query LIKE 'autovacuum: VACUUM %public.orders' AND datname = 'order'`;
  await query(
    url,
    `CREATE TABLE orders (id TEXT PRIMARY KEY) WITH (autovacuum_vacuum_cost_delay = 100,
       autovacuum_vacuum_cost_limit = 1, autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0)`,
  );
  await query(url, 'INSERT INTO orders SELECT n::text FROM generate_series(1, 50000) AS n');
  await query(url, `UPDATE orders SET id = id || '.'`);
  const administrator = server.url('postgres');
  await query(administrator, `ALTER SYSTEM SET autovacuum_naptime = '1s'`);
  await query(administrator, 'SELECT pg_reload_conf()');
  await until(async () => (await query(administrator, vacuums)).length === 1);

  const folder = writeMigrations({ '1_add_note': 'ALTER TABLE orders ADD COLUMN note TEXT' });
  const run = new MigrationRun('order', url, { folder });
  await run.says('autovacuum, or another process of PostgreSQL itself');
  expect(await run.applied()).toEqual(['1_add_note']);
});
