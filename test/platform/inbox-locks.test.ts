import { Client } from 'pg';
import { encodeBatch } from '../../shared/contract/cloudevents';
import { deferrals } from '../../shared/observe/metrics';
import { statement } from '../../shared/postgres/statement';
import { reserveStock } from '../../stock/src/saga/2-reserve-stock/step';
import { checkoutRequested, purchase } from '../support/events';
import { until } from '../support/until';
import { Wire } from '../support/wire';

/** What another session holds, for instance a person's psql, delays the events that need it and nothing else. */

let wire: Wire;
let stranger: Client;
beforeAll(async () => {
  wire = await Wire.open('stock');
});
afterAll(() => wire.close());
beforeEach(async () => {
  await wire.query(
    `WITH ledger AS (INSERT INTO stock_ledger (item_id, delta, kind) VALUES ('held', 1000, 'add'), ('free', 1000, 'add'))
     INSERT INTO items (id, price, available) VALUES ('held', 10, 1000), ('free', 10, 1000)`,
  );
  stranger = new Client({ connectionString: wire.url });
  await stranger.connect();
});
afterEach(async () => {
  await stranger.end();
  await wire.stopReplicas();
  const unbalanced = await wire.query(`
    SELECT id FROM items WHERE available <> (SELECT sum(delta) FROM stock_ledger WHERE item_id = items.id)
      - (SELECT count(*) FROM reservations WHERE state = 'RESERVED' AND items.id = ANY (item_ids))`);
  await wire.reset('items, stock_ledger, reservations, outbox, deferred_events');
  expect(unbalanced).toEqual([]);
});

const request = (n: number, item: string) => checkoutRequested(purchase(n), { [item]: 1 });
const reserved = async (item: string) =>
  (await wire.query(`SELECT FROM reservations WHERE $1 = ANY (item_ids)`, [item])).length;
const deferred = () =>
  wire.query<{ saga_id: string; blocked_by: string; tries: number }>(
    'SELECT saga_id, blocked_by, tries FROM deferred_events',
  );
const hold = (lock: string) => stranger.query(`BEGIN; ${lock}`);
const release = () => stranger.query('ROLLBACK');
const HELD = `SELECT FROM items WHERE id = 'held' FOR UPDATE`;

test('handles all events but those that need the locked row, and those as soon as it is free', async () => {
  await wire.replica(reserveStock);
  await hold(HELD);
  await wire.send('stock.reserve', [
    ...Array.from({ length: 9 }, (_, n) => request(n, n === 4 ? 'held' : 'free')),
  ]);
  await until(async () => (await reserved('free')) === 8);
  // Later messages do not wait either, and none is kept.
  for (let n = 10; n < 80; n++) {
    await wire.send('stock.reserve', [request(n, n % 2 === 0 ? 'held' : 'free')]);
  }
  await until(async () => (await reserved('free')) === 8 + 35);
  await until(() => wire.isEmpty('stock.reserve'));
  expect(await reserved('held')).toBe(0);
  expect(new Set((await deferred()).map((row) => row.blocked_by))).toEqual(new Set(['items/held']));
  await release();
  await until(async () => (await reserved('held')) === 36);
  await until(async () => (await deferred()).length === 0);
  expect(await wire.isEmpty('stock.reserve.dead')).toBe(true);
});

test('another replica handles what one that has died had deferred', async () => {
  const { stop } = await wire.replica(reserveStock);
  await hold(HELD);
  await wire.send('stock.reserve', [request(1, 'held')]);
  await until(async () => (await deferred()).length === 1);
  await stop();
  await release();
  await wire.replica(reserveStock);
  await until(async () => (await reserved('held')) === 1);
  await until(async () => (await deferred()).length === 0);
});

test('handles all events but the one whose key somebody else is inserting', async () => {
  await wire.replica(reserveStock);
  await hold(`INSERT INTO reservations (saga_id, order_id, user_id, amount, item_ids, quantities, state, traceparent)
    VALUES ('${purchase(4).saga_id}', 'o', 'u', 1, '{}', '{}', 'WAITING', '')`);
  await wire.send(
    'stock.reserve',
    Array.from({ length: 9 }, (_, n) => request(n, 'free')),
  );
  await until(async () => (await reserved('free')) === 8);
  await until(() => wire.isEmpty('stock.reserve'));
  expect((await deferred()).map((row) => row.saga_id)).toEqual([purchase(4).saga_id]);
  await release();
  await until(async () => (await reserved('free')) === 9);
  await until(async () => (await deferred()).length === 0);
});

test('keeps an event that it cannot defer either, and handles it once it can', async () => {
  await wire.replica(reserveStock);
  const other = new Client({ connectionString: wire.url });
  await other.connect();
  await other.query('BEGIN; LOCK TABLE deferred_events IN SHARE MODE');
  await hold(`INSERT INTO reservations (saga_id, order_id, user_id, amount, item_ids, quantities, state, traceparent)
    VALUES ('${purchase(4).saga_id}', 'o', 'u', 1, '{}', '{}', 'WAITING', '')`);
  await wire.send('stock.reserve', [request(4, 'free')]);
  const refused = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'deferred_events'::regclass AND mode = 'RowExclusiveLock'`;
  await until(async () => (await wire.query(refused)).length > 0);
  await until(async () => (await wire.query(refused)).length === 0);
  await release();
  await other.end();
  await until(async () => (await reserved('free')) === 1);
  await until(() => wire.isEmpty('stock.reserve'));
});

test('defers every event while the whole table is locked, and loses none', async () => {
  await wire.replica(reserveStock);
  await hold('LOCK TABLE items IN SHARE MODE');
  await wire.send('stock.reserve', [request(1, 'held'), request(2, 'free')]);
  await until(async () => (await deferred()).length === 2);
  expect(new Set((await deferred()).map((row) => row.blocked_by))).toEqual(
    new Set(['a row that is not committed yet, or a whole table']),
  );
  expect([await reserved('held'), await reserved('free')]).toEqual([0, 0]);
  await release();
  await until(async () => (await reserved('held')) + (await reserved('free')) === 2);
  expect(await wire.isEmpty('stock.reserve.dead')).toBe(true);
});

test('keeps the events of a statement that somebody has cancelled', async () => {
  const cancel = statement('test_cancel', 'SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(1)');
  let cancelled = 6;
  await wire.replica({
    ...reserveStock,
    async run(tx, events, isCautious) {
      if (cancelled-- > 0) {
        await tx.run(cancel);
      }
      return reserveStock.run(tx, events, isCautious);
    },
  });
  await wire.send('stock.reserve', [request(1, 'held'), request(2, 'free')]);
  await until(async () => (await reserved('held')) + (await reserved('free')) === 2);
  await until(() => wire.isEmpty('stock.reserve'));
  expect(await wire.isEmpty('stock.reserve.dead')).toBe(true);
});

test('two replicas get in each other’s way no longer than the lock that made them cautious', async () => {
  await Promise.all([wire.replica(reserveStock), wire.replica(reserveStock)]);
  await wire.query(`UPDATE items SET available = 1000000 WHERE id = 'held'`);
  await wire.query(`INSERT INTO stock_ledger (item_id, delta, kind) VALUES ('held', 999000, 'add')`);
  let sent = 0;
  const busy = async (end: number) => {
    while (Date.now() < end) {
      await wire.send('stock.reserve', [request(sent++, 'held')]);
    }
  };
  const countDeferrals = async () =>
    (await deferrals.get()).values.reduce((sum, { value }) => sum + value, 0);
  await hold(HELD);
  await busy(Date.now() + 1_500);
  await release();
  // Both replicas are cautious for ten seconds after the last time that one did not get the lock.
  for (let before = -1; before !== (await countDeferrals()); ) {
    before = await countDeferrals();
    await busy(Date.now() + 3_000);
  }
  await until(async () => (await reserved('held')) === sent);
  expect(await deferred()).toEqual([]);
});

test('keeps a deferred event that only another version can read, tries it less and less often, and parks nothing', async () => {
  await wire.replica(reserveStock);
  const [later, readable] = [request(1, 'free'), encodeBatch([request(1, 'free')], new Date().toISOString())];
  await wire.query(
    `INSERT INTO deferred_events (queue, saga_id, body, blocked_by, retry_at)
     VALUES ('stock.reserve', $1, $2, 'items/free', now()), ('stock.reserve', $3, $4, 'items/free', now())`,
    [
      ...[later.data.saga_id, readable.replaceAll('order.checkout_requested', 'order.checkout_wished_for')],
      ...[purchase(2).saga_id, encodeBatch([request(2, 'free')], new Date().toISOString())],
    ],
  );
  await until(async () => (await deferred())[0]?.tries === 2);
  expect(await deferred()).toEqual([
    { saga_id: later.data.saga_id, blocked_by: 'a version of this service that can read it', tries: 2 },
  ]);
  expect(await reserved('free')).toBe(1);
  expect(await wire.isEmpty('stock.reserve.dead')).toBe(true);
  await wire.query('UPDATE deferred_events SET body = $1', [readable]);
  await until(async () => (await reserved('free')) === 2);
  expect(await deferred()).toEqual([]);
});
