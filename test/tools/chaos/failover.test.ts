import childProcess from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectTo, query } from '../../../tools/chaos/rig/query';
import { ReplicatedPostgres } from '../../../tools/chaos/rig/replicated-postgres';

let home: string;
let server: ReplicatedPostgres | undefined;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'chandlery-failover-'));
  // PostgreSQL may have to run as another user.
  chmodSync(home, 0o755);
});
afterEach(async () => {
  await server?.stop();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

/** Inserts numbers one after the other, at whichever server is the primary. Returns those that were acknowledged. */
async function write(server: ReplicatedPostgres, isOver: () => boolean): Promise<number[]> {
  const acknowledged: number[] = [];
  for (let n = 0; !isOver(); await sleep(10)) {
    const client = await connectTo(server.url('order')).catch(() => undefined);
    try {
      while (client && !isOver()) {
        await client.query('INSERT INTO numbers VALUES ($1)', [++n]);
        acknowledged.push(n);
      }
    } catch {
      // The primary is lost. Whether the last number is there is not known.
    } finally {
      await client?.end().catch(() => {});
    }
  }
  return acknowledged;
}

test('what was acknowledged outlives its primary, twice, and writing goes on', async () => {
  server = await ReplicatedPostgres.start({ home, database: 'order', say: () => {} });
  const { port } = server;
  await query(server.url('order'), 'CREATE TABLE numbers (n int PRIMARY KEY)');
  let isOver = false;
  const writing = write(server, () => isOver);
  const lengths: number[] = [];
  for (let i = 0; i < 2; i++) {
    await sleep(300);
    await server.failOver(() => {});
    lengths.push((await query(server.url('order'), 'SELECT n FROM numbers')).length);
  }
  await sleep(300);
  isOver = true;
  const acknowledged = await writing;
  expect(server.port).not.toBe(port);
  const rows = await query<{ n: number }>(server.url('order'), 'SELECT n FROM numbers');
  const there = new Set(rows.map(({ n }) => n));
  expect(acknowledged.filter((n) => !there.has(n))).toEqual([]);
  expect(lengths[0]).toBeGreaterThan(0);
  expect(lengths[1]).toBeGreaterThan(lengths[0] as number);
  expect(rows.length).toBeGreaterThan(lengths[1] as number);
}, 120_000);

test('says that the primary may still answer when nobody could find its processes', async () => {
  server = await ReplicatedPostgres.start({ home, database: 'order', say: () => {} });
  const missing = Object.assign(new Error('spawnSync pgrep ENOENT'), { code: 'ENOENT' });
  const found = {
    pid: 0,
    output: [],
    stdout: null,
    stderr: null,
    status: null,
    signal: null,
    error: missing,
  };
  const spawned = jest.spyOn(childProcess, 'spawnSync').mockReturnValueOnce(found as never);
  const killed = jest.fn();
  try {
    await expect(server.failOver(killed)).rejects.toThrow('pgrep');
    expect([spawned.mock.calls[0]?.[0], killed.mock.calls]).toEqual(['pgrep', []]);
  } finally {
    spawned.mockRestore();
  }
}, 120_000);

test('nothing is acknowledged without the standby, and what waited is acknowledged once it is back', async () => {
  server = await ReplicatedPostgres.start({ home, database: 'order', say: () => {} });
  const client = await connectTo(server.url('order'));
  await client.query('CREATE TABLE numbers (n int PRIMARY KEY)');
  const back = server.restartStandby();
  await sleep(100);
  let isAcknowledged = false;
  const inserted = client.query('INSERT INTO numbers VALUES (1)').then(() => {
    isAcknowledged = true;
  });
  const waiting = `SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'`;
  while ((await query(server.url('postgres'), waiting)).length === 0) {
    expect(isAcknowledged).toBe(false);
  }
  await back;
  await inserted;
  await client.end();
}, 120_000);
