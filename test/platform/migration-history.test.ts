import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import type { MigrationList } from '@prisma/schema-engine-wasm';
import { type ServiceName, serviceNames } from '../../shared/services';
import { migrate } from '../../tools/deploy/migrate';
import { checksumOf } from '../../tools/deploy/migration-history';
import { readMigrations } from '../../tools/deploy/migrations';
import { query } from '../support/books';
import { MigrationRun, writeMigrations } from '../support/migration-run';
import { createDatabase, createEmptyDatabase } from '../support/servers';

/** Our record of what was applied is that of `prisma migrate`: either program continues where the other stopped. */
const run = promisify(execFile);
const filters = { externalTables: [], externalEnums: [] };
const folderOf = (service: ServiceName) => join(__dirname, '../..', service, 'prisma/migrations');
const migrationsOf = (service: ServiceName) => readMigrations(folderOf(service));
const quiet = { say: () => {} };

function listOf(service: ServiceName, count?: number): MigrationList {
  return {
    baseDir: folderOf(service),
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"' },
    shadowDbInitScript: '',
    migrationDirectories: migrationsOf(service)
      .slice(0, count)
      .map(({ name, script }) => ({
        path: name,
        migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: script } },
      })),
  };
}

/** Calls a method of Prisma's engine, which Jest cannot load, in a process of its own. */
async function prisma(
  service: ServiceName,
  url: string,
  method: 'applyMigrations' | 'diagnoseMigrationHistory',
  count?: number,
): Promise<Record<string, unknown>> {
  const schema = readFileSync(join(folderOf(service), '../schema.prisma'), 'utf8');
  const params = { migrationsList: listOf(service, count), optInToShadowDatabase: false, filters };
  const program = `
    const [url, schema, method, params] = process.argv.slice(1);
    require('./dist/tools/deploy/schema-engine.js')
      .withSchemaEngine(url, schema, (engine) => engine[method](JSON.parse(params)))
      .then((result) => { console.log(JSON.stringify(result)); process.exit(); });`;
  const { stdout } = await run(process.execPath, [
    '-e',
    program,
    url,
    schema,
    method,
    JSON.stringify(params),
  ]);
  return JSON.parse(stdout);
}

const TABLE = `SELECT column_name, data_type, character_maximum_length, is_nullable, column_default
               FROM information_schema.columns WHERE table_name = '_prisma_migrations' ORDER BY 1`;
const ROWS = `SELECT migration_name, checksum, logs, rolled_back_at, applied_steps_count, length(id) AS id,
                finished_at >= started_at AS finished
              FROM _prisma_migrations ORDER BY started_at`;

/** Columns, constraints, indexes, functions: what a dump of the schema shows. */
const SHAPE = `
  SELECT attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod) || attstorage::text AS line
  FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
  WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
  UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1`;

/** A folder of the service's first migrations. */
const firstOf = (service: ServiceName, count: number) =>
  writeMigrations(
    Object.fromEntries(
      migrationsOf(service)
        .slice(0, count)
        .map(({ name, script }) => [name, script]),
    ),
  );

describe.each(serviceNames)('the migrations of %s', (service) => {
  const names = migrationsOf(service).map(({ name }) => name);

  test('leave the same record as Prisma does, and Prisma finds nothing to complain about', async () => {
    const [ours, theirs] = await Promise.all([createEmptyDatabase(service), createEmptyDatabase(service)]);
    await migrate(service, ours, quiet);
    await prisma(service, theirs, 'applyMigrations');
    expect(await query(ours, TABLE)).toEqual(await query(theirs, TABLE));
    expect(await query(ours, ROWS)).toEqual(await query(theirs, ROWS));
    expect(await prisma(service, ours, 'diagnoseMigrationHistory')).toMatchObject({
      history: null,
      failedMigrationNames: [],
      editedMigrationNames: [],
    });
  });

  test('go on where Prisma stopped, and Prisma where they stopped', async () => {
    const [begunByPrisma, begunByUs] = await Promise.all([
      createEmptyDatabase(service),
      createEmptyDatabase(service),
    ]);
    await prisma(service, begunByPrisma, 'applyMigrations', 1);
    expect(await migrate(service, begunByPrisma, quiet)).toEqual(names.slice(1));
    await migrate(service, begunByUs, { ...quiet, folder: firstOf(service, 1) });
    const { appliedMigrationNames } = await prisma(service, begunByUs, 'applyMigrations');
    expect(appliedMigrationNames).toEqual(names.slice(1));
  });

  test.each(['before', 'after'])(
    'that an older version was killed in, %s they took effect, are gone on with',
    async (moment) => {
      const expected = await query(await createDatabase(service), SHAPE);
      for (const [i, migration] of migrationsOf(service).entries()) {
        const url = await createEmptyDatabase(service);
        await migrate(service, url, { ...quiet, folder: firstOf(service, moment === 'after' ? i + 1 : i) });
        await query(url, `DELETE FROM _prisma_migrations WHERE migration_name = $1`, [migration.name]);
        await recordInterrupted(url, migration.name, checksumOf(migration));
        expect(await migrate(service, url, quiet)).toEqual(names.slice(i));
        expect(await query(url, SHAPE)).toEqual(expected);
        expect(await migrate(service, url, quiet)).toEqual([]);
      }
    },
  );

  test('survive being killed at any moment', async () => {
    const expected = await query(await createDatabase(service), SHAPE);
    for (let delay = 100; delay <= 400; delay += 40) {
      const url = await createEmptyDatabase(service);
      const killed = new MigrationRun(service, url, {});
      await sleep(delay);
      await killed.kill();
      await migrate(service, url, quiet);
      expect(await query(url, SHAPE)).toEqual(expected);
      expect(await query(url, 'SELECT FROM _prisma_migrations WHERE finished_at IS NULL')).toEqual([]);
    }
  });
});

/** What an older version, or Prisma, records when it begins. */
async function recordInterrupted(url: string, name: string, checksum: string): Promise<void> {
  const sql = 'INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)';
  await query(url, sql, [`id of ${name}`.slice(0, 36), checksum, name]);
}

describe('an interrupted run of another program', () => {
  const all = Object.fromEntries(migrationsOf('order').map(({ name, script }) => [name, script]));
  const move = { '9_move': 'UPDATE orders SET user_id = user_id' };
  const checksum = checksumOf({ script: move['9_move'] });

  test.each([
    ['that moved data', { ...all, ...move }, checksum, 'The schema does not show whether'],
    ['that cannot be repeated elsewhere', move, checksum, 'The schema does not show whether'],
    ['of another script', { ...all, ...move }, '0'.repeat(64), 'Its script was another one then'],
  ])('%s is left to a person, and both answers do what they say', async (_title, scripts, recorded, text) => {
    const folder = writeMigrations(scripts);
    for (const [answer, applied] of [
      [0, []],
      [1, ['9_move']],
    ] as const) {
      const url = await createDatabase('order');
      await recordInterrupted(url, '9_move', recorded);
      const failure = await migrate('order', url, { ...quiet, folder }).catch(
        (error: Error) => error.message,
      );
      expect(failure).toContain(text);
      const answers = String(failure).match(/UPDATE _prisma_migrations [^;]+/g) ?? [];
      await query(url, answers[answer] ?? '');
      expect(await migrate('order', url, { ...quiet, folder })).toEqual(applied);
    }
  });

  test('is waited for while the server still works on it', async () => {
    const url = await createDatabase('order');
    const slow = 'SELECT pg_sleep(5); ALTER TABLE orders ADD COLUMN note TEXT';
    const folder = writeMigrations({ ...all, '9_slow': slow });
    await recordInterrupted(url, '9_slow', checksumOf({ script: slow }));
    const theirs = query(url, slow);
    await sleep(500);
    const said: string[] = [];
    const say = (line: string) => void said.push(line);
    expect(await migrate('order', url, { folder, say })).toEqual(['9_slow']);
    await theirs;
    expect(said[0]).toMatch(/^order: 9_slow is still running: pid \d+ .* This run waits for its end\.$/);
    expect(said[1]).toBe('order: 9_slow had taken effect before it was interrupted. Now that is recorded.');
  });
});
