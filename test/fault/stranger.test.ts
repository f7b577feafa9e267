import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Client } from 'pg';
import type { CheckoutName } from '../../shared/services';
import type { ApiClient } from '../support/api-client';
import { askAgain, findWrongAnswers, type Sale } from '../support/load';
import { ShopProcesses } from '../support/shop';
import { until } from '../support/until';

/** Somebody's psql holds a lock in the middle of business. Whoever needs that row waits, and nobody else does. */

let shop: ShopProcesses;
let api: ApiClient;
let stranger: Client;
beforeAll(async () => {
  shop = await ShopProcesses.open({ env: { order: { CANCEL_AFTER_MS: '2000', ANSWER_WITHIN_MS: '4000' } } });
  api = shop.client();
});
afterAll(async () => {
  await api.close();
  await shop.close();
});

let user: string;
let item: string;
/** Those that the stranger holds. */
let held: { user: string; item: string; order: string };
beforeEach(async () => {
  [user, item] = [await api.user(1_000_000), await api.item(1, 1_000_000)];
  const own = { user: await api.user(1_000_000), item: await api.item(1, 1_000_000) };
  held = { ...own, order: await api.order(user, { [item]: 1 }) };
});
afterEach(async () => {
  await stranger.end();
  // Within ten seconds of the release, nothing is in flight or deferred.
  await shop.balances(10_000);
});

async function hold(service: CheckoutName, lock: string): Promise<void> {
  stranger = new Client({ connectionString: shop.databases[service] });
  await stranger.connect();
  await stranger.query('BEGIN');
  // Some rows exist only for milliseconds, so they are looked for until one is caught.
  await until(async () => (await stranger.query(lock)).rowCount !== 0);
}

const HELD_MS = 5_000;

/** Checks out one order after the other for a while, and returns what each was answered. */
async function shopping(place: () => Promise<string>, everyMs: number, end: number): Promise<Sale[]> {
  const sales: Promise<Sale>[] = [];
  for (; Date.now() < end; await sleep(everyMs)) {
    const order = await place();
    sales.push(api.checkout(order).then(({ status, body }) => ({ order, status, reason: body?.reason })));
  }
  return Promise.all(sales);
}

const others = (end: number) => shopping(() => api.order(user, { [item]: 1 }), 50, end);
const statusesOf = (sales: readonly Sale[]) => [...new Set(sales.map(({ status }) => status))];

test.each<[string, CheckoutName, () => string, () => Promise<string>]>([
  [
    'items',
    'stock',
    () => `SELECT 1 FROM items WHERE id = '${held.item}' FOR UPDATE`,
    () => api.order(user, { [held.item]: 1, [item]: 1 }),
  ],
  [
    'users',
    'payment',
    () => `SELECT 1 FROM users WHERE id = '${held.user}' FOR UPDATE`,
    () => api.order(held.user, { [item]: 1 }),
  ],
  [
    'orders',
    'order',
    () => `SELECT 1 FROM orders WHERE id = '${held.order}' FOR UPDATE`,
    async () => held.order,
  ],
])(
  'a locked row of %s delays the checkouts that need it, and all others are paid',
  async (_, service, lock, place) => {
    await hold(service, lock());
    const end = Date.now() + HELD_MS;
    const [free, needy] = await Promise.all([others(end), shopping(place, 500, end)]);
    expect(statusesOf(free)).toEqual([200]);
    // A final answer that nothing was charged, or 202; never 5xx.
    expect(statusesOf(needy).filter((status) => status !== 409 && status !== 202)).toEqual([]);
    await stranger.query('ROLLBACK');
    expect(await findWrongAnswers(api, await askAgain(api, needy))).toEqual([]);
    expect((await api.checkout(await place())).status).toBe(200);
  },
);

test.each<[string, CheckoutName, string]>([
  ['sagas', 'order', `SELECT id FROM sagas WHERE state = 'PENDING' LIMIT 1 FOR UPDATE SKIP LOCKED`],
  [
    'reservations',
    'stock',
    `SELECT saga_id FROM reservations WHERE state = 'RESERVED' LIMIT 1 FOR UPDATE SKIP LOCKED`,
  ],
  ['charges', 'payment', 'SELECT saga_id FROM charges LIMIT 1 FOR UPDATE SKIP LOCKED'],
])(
  'a locked row of %s delays at most its own checkout, and all others are paid',
  async (_, service, lock) => {
    const end = Date.now() + HELD_MS;
    const [sales] = await Promise.all([others(end), hold(service, lock)]);
    const late = sales.filter(({ status }) => status !== 200);
    expect(late.length).toBeLessThanOrEqual(1);
    expect(statusesOf(late).filter((status) => status !== 202)).toEqual([]);
    await stranger.query('ROLLBACK');
    await askAgain(api, late);
  },
);

test.each<[CheckoutName, string]>([
  ['order', 'orders'],
  ['order', 'sagas'],
  ['stock', 'items'],
  ['stock', 'reservations'],
  ['payment', 'users'],
  ['payment', 'charges'],
])(
  'while somebody locks a whole table of %s, %s, everybody waits and nobody is lost',
  async (service, table) => {
    const orders = await Promise.all(Array.from({ length: 40 }, () => api.order(user, { [item]: 1 })));
    await hold(service, `LOCK TABLE ${table} IN SHARE MODE`);
    const sold = Promise.all(
      orders.map((order) =>
        api.checkout(order).then(({ status, body }): Sale => ({ order, status, reason: body?.reason })),
      ),
    );
    await sleep(1_500);
    await stranger.query('ROLLBACK');
    const sales = await sold;
    expect(statusesOf(sales).filter((status) => status !== undefined && status >= 500)).toEqual([]);
    expect(await findWrongAnswers(api, await askAgain(api, sales))).toEqual([]);
  },
);

test('while somebody has locked all orders for too long, a repeated checkout is not told that nothing was started', async () => {
  const payment = shop.one('payment');
  const order = await api.order(user, { [item]: 1 });
  payment.process.kill('SIGSTOP');
  try {
    expect((await api.checkout(order, { Prefer: 'respond-async' })).status).toBe(202);
    await hold('order', 'LOCK TABLE orders IN SHARE MODE');
    expect((await api.checkout(order)).status).toBe(202);
  } finally {
    payment.process.kill('SIGCONT');
  }
  await stranger.query('ROLLBACK');
});
