import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../support/api-client';
import { createTopology, losing, purge } from '../support/bindings';
import { ShopProcesses } from '../support/shop';
import { until } from '../support/until';

/** Messages that are lost for good, on real processes. Whoever has something undecided asks, and everything ends. */

let shop: ShopProcesses;
let api: ApiClient;
beforeEach(async () => {
  const env = {
    all: { TOPOLOGY: 'check' },
    order: { CANCEL_AFTER_MS: '1000' },
    stock: { ASK_AFTER_MS: '1500' },
  };
  shop = await ShopProcesses.open({ env, amqp: await createTopology() });
  api = shop.client();
});
afterEach(async () => {
  await api.close();
  await shop.close();
});

const stateIn = async (service: 'order' | 'stock', table: string) =>
  (await shop.rows<{ state: string }>(service, `SELECT state FROM ${table}`))[0]?.state;

test('a capture that stock never gets is asked for, and the units are sold', async () => {
  const [user, item] = [await api.user(10), await api.item(1, 10)];
  const order = await api.order(user, { [item]: 2 });
  await losing(shop.amqp, 'stock.settle', 'payment.captured', async () => {
    expect((await api.checkout(order)).status).toBe(200);
    expect(await stateIn('stock', 'reservations')).toBe('RESERVED');
  });
  await until(async () => (await stateIn('stock', 'reservations')) === 'COMMITTED');
  await shop.balances();
  expect([await api.credit(user), await api.stock(item)]).toEqual([8, 8]);
});

test('a capture that order never gets is asked for, and the order is paid', async () => {
  const [user, item] = [await api.user(10), await api.item(1, 10)];
  const order = await api.order(user, { [item]: 2 });
  const answer = await losing(shop.amqp, 'order.settle', 'payment.captured', async () => {
    const answer = api.checkout(order);
    await until(async () => (await stateIn('stock', 'reservations')) === 'COMMITTED');
    return { answer };
  });
  expect((await answer.answer).status).toBe(200);
  await shop.balances();
});

test('what was purged from every queue while payment was down ends when it is back', async () => {
  const [user, item] = [await api.user(100), await api.item(1, 100)];
  const orders = await Promise.all(Array.from({ length: 10 }, () => api.order(user, { [item]: 1 })));
  const payment = shop.one('payment');
  await shop.end(payment, 'SIGKILL');
  const answers = orders.map((order) => api.checkout(order));
  await until(async () => {
    const rows = await shop.rows('stock', `SELECT FROM reservations WHERE state = 'RESERVED'`);
    return rows.length === orders.length;
  });
  await purge(shop.amqp, 'payment.charge');
  shop.start(payment);
  await shop.ready();
  for (const { status } of await Promise.all(answers)) {
    expect([200, 202, 409]).toContain(status);
  }
  await shop.balances();
});

/** Lets this many seconds pass for everything that is undecided. */
async function pass(seconds: number): Promise<void> {
  const earlier = (column: string) => `${column} = ${column} - ${seconds} * interval '1 second'`;
  await shop.rows('order', `UPDATE sagas SET ${earlier('opened_at')}, ${earlier('deadline_at')}`);
  await shop.rows('stock', `UPDATE reservations SET ${earlier('created_at')}, ${earlier('asked_at')}`);
}

/** A minute is what the promise allows. */
const ENDS_WITHIN_MS = 60_000;

test('what was purged after payment had been down for minutes in a quiet shop ends within a minute', async () => {
  const [user, item] = [await api.user(10), await api.item(1, 10)];
  const order = await api.order(user, { [item]: 1 });
  const payment = shop.one('payment');
  await shop.end(payment, 'SIGKILL');
  expect((await api.checkout(order, { prefer: 'respond-async' })).status).toBe(202);
  await until(async () => (await stateIn('stock', 'reservations')) === 'RESERVED');
  for (let minutes = 0; minutes < 4; minutes += 1 / 3) {
    await sleep(5_200);
    await pass(21);
  }
  await purge(shop.amqp, 'payment.charge');
  shop.start(payment);
  await shop.ready();
  await shop.balances(ENDS_WITHIN_MS);
  expect(await stateIn('order', 'sagas')).toBe('FAILED');
}, 240_000);
