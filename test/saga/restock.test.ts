import { setTimeout as sleep } from 'node:timers/promises';
import type { EventType } from '../../shared/contract/events';
import { participantNames } from '../../shared/services';
import type { ApiClient } from '../support/api-client';
import { createTopology, losing } from '../support/bindings';
import { CatalogClient, type JsonAnswer } from '../support/catalog';
import { ShopProcesses } from '../support/shop';
import { until } from '../support/until';

/** What a shopkeeper puts into the shop, from the form to the sale, on real processes. */

let shop: ShopProcesses;
let api: ApiClient;
let catalog: CatalogClient;
beforeEach(async () => {
  shop = await ShopProcesses.open({
    services: participantNames,
    replicas: { catalog: 2, stock: 2 },
    env: { all: { TOPOLOGY: 'check' }, catalog: { ASK_AFTER_MS: '1500' } },
    amqp: await createTopology(),
  });
  api = shop.client();
  catalog = new CatalogClient(shop.of('catalog').map(({ url }) => url));
});
afterEach(async () => {
  await api.close();
  await shop.balances();
  await shop.close();
});

const quantityOf = async (itemId: string) => (await catalog.get(`/catalog/products/${itemId}`)).body.quantity;

test('a new product can be bought, and its quantity follows what is sold and added', async () => {
  const item = await catalog.mustStock({ name: 'Lamp', quantity: 3, price: 10 });
  await until(async () => (await quantityOf(item)) === 3);
  const user = await api.user(100);
  expect((await api.checkout(await api.order(user, { [item]: 2 }))).status).toBe(200);
  expect(await api.credit(user)).toBe(80);
  await until(async () => (await quantityOf(item)) === 1);
  await catalog.mustStock({ name: 'lamp', quantity: 4 });
  await until(async () => (await quantityOf(item)) === 5);
  await api.must(`/stock/subtract/${item}/5`);
  await until(async () => (await quantityOf(item)) === 0);
});

test('units that a failed checkout gives back are told', async () => {
  const item = await catalog.mustStock({ name: 'Lamp', quantity: 1, price: 10 });
  const poor = await api.user(9);
  expect((await api.checkout(await api.order(poor, { [item]: 1 }))).body.reason).toBe('insufficient_credit');
  await until(async () => (await quantityOf(item)) === 1);
});

test('a sweep repairs quantities whose broadcasts got lost', async () => {
  const item = await catalog.mustStock({ name: 'Lamp', quantity: 3, price: 10 });
  await until(async () => (await quantityOf(item)) === 3);
  await shop.rows('stock', 'UPDATE items SET available = 2 WHERE id = $1', [item]);
  await shop.rows('stock', `INSERT INTO stock_ledger (item_id, delta, kind) VALUES ($1, -1, 'subtract')`, [
    item,
  ]);
  await until(async () => (await quantityOf(item)) === 2);
});

test('a hundred restocks of ten products happen once each, whichever replica of stock is killed in the middle', async () => {
  const stocking = Array.from({ length: 100 }, (_, n) =>
    catalog.stock({ name: `Product ${n % 10}`, quantity: 1 + (n % 3), price: 10 }),
  );
  for (let kills = 0; kills < 4; kills++) {
    const replica = shop.of('stock')[kills % 2];
    if (replica) {
      await sleep(20);
      await shop.end(replica, 'SIGKILL');
      shop.start(replica);
      await shop.ready([replica]);
    }
  }
  const answers = await Promise.all(stocking);
  expect(answers.filter(({ status }) => status !== 202)).toEqual([]);
  await Promise.all(answers.map(({ body }) => catalog.untilDone(body.restock_id)));
  const [row] = await shop.rows<{ items: number; units: number }>(
    'stock',
    'SELECT count(*) AS items, sum(available)::int AS units FROM items',
  );
  expect(row).toEqual({ items: 10, units: answers.reduce((sum, _, n) => sum + 1 + (n % 3), 0) });
});

test.each<[string, EventType]>([
  ['stock.restock', 'catalog.item_stocked'],
  ['catalog.list', 'stock.item_changed'],
])('what %s never gets is asked for, and the units are added once', async (queue, event) => {
  const { body } = await losing(shop.amqp, queue, event, async () => {
    const answer = await catalog.stock({ name: 'Lamp', quantity: 3, price: 10 });
    await sleep(500);
    return answer;
  });
  await catalog.untilDone(body.restock_id);
  expect(await api.stock(body.item_id)).toBe(3);
});

test('catalog and stock go on when either was away, and when the broker cut their connections', async () => {
  const [one] = shop.of('catalog');
  const { body } = await catalog.stock({ name: 'Lamp', quantity: 3, price: 10 });
  if (one) {
    await shop.end(one, 'SIGKILL');
    shop.start(one);
    await shop.ready([one]);
  }
  await catalog.untilDone(body.restock_id);
  expect(await api.stock(body.item_id)).toBe(3);
});

test('only whoever has paid for a product can vote for it', async () => {
  const item = await catalog.mustStock({ name: 'Lamp', quantity: 1, price: 1 });
  const buyer = await api.user(10);
  const vote = () => catalog.send('POST', `/catalog/vote/${buyer}/${item}/4`);
  expect((await vote()).body.reason).toBe('not_bought');
  const order = await api.order(buyer, { [item]: 1 });
  expect((await vote()).body.reason).toBe('not_bought');
  expect((await api.checkout(order)).status).toBe(200);
  expect((await vote()).status).toBe(200);
  expect((await catalog.get(`/catalog/products/${item}`)).body.rating).toMatchObject({
    votes: 1,
    average: 4,
  });
});

test('10,000 votes, 200 at a time, are counted exactly, although a replica of catalog is killed in the middle', async () => {
  const items = await Promise.all(
    ['Lamp', 'Chair'].map((name) => catalog.mustStock({ name, quantity: 500, price: 1 })),
  );
  const buyer = async () => {
    const user = await api.user(10);
    const order = await api.order(user, Object.fromEntries(items.map((item) => [item, 1])));
    expect((await api.checkout(order)).status).toBe(200);
    return user;
  };
  const users: string[] = [];
  while (users.length < 500) {
    users.push(...(await Promise.all(Array.from({ length: 25 }, buyer))));
  }

  const refused: JsonAnswer[] = [];
  /** Votes until the shop says that it has counted, or that this buyer has said so often enough. */
  async function vote(user: string, item: string, stars: number): Promise<void> {
    for (;;) {
      const answer = await catalog
        .send('POST', `/catalog/vote/${user}/${item}/${stars}`)
        .catch(() => undefined);
      if (answer?.status === 200 || answer?.status === 429) {
        return;
      }
      if (answer && answer.status !== 503) {
        refused.push(answer);
        return;
      }
      await sleep(200 + Math.random() * 800);
    }
  }
  const votes = Array.from({ length: 10 }, (_, n) =>
    users.flatMap((user, b) => items.map((item) => [user, item, 1 + ((n + b) % 5)] as const)),
  ).flat();
  expect(votes).toHaveLength(10_000);
  const next = votes.values();
  const voting = Array.from({ length: 200 }, async () => {
    for (const one of next) {
      await vote(...one);
    }
  });
  const [killed] = shop.of('catalog');
  await sleep(500);
  if (killed) {
    await shop.end(killed, 'SIGKILL');
    shop.start(killed);
    await shop.ready([killed]);
  }
  await Promise.all(voting);
  expect(refused).toEqual([]);
  for (const item of items) {
    await until(async () => (await catalog.get(`/catalog/products/${item}`)).body.rating.votes === 500);
  }
});
