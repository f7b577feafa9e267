import { MAX_AMOUNT, MAX_TOTAL } from '../../shared/http/inputs';
import { expectLedgersToBalance, query } from '../support/books';
import { openServiceEdge, type ServiceEdge } from '../support/http-edge';

let stock: ServiceEdge;
let edge: ServiceEdge;

beforeAll(async () => {
  stock = await openServiceEdge('stock');
  edge = await openServiceEdge('order', { stockUrl: stock.origin });
});

afterAll(async () => {
  await expectLedgersToBalance({ stock: stock.databaseUrl });
  await edge.close();
  await stock.close();
});

async function newOrder(user = 'u1'): Promise<string> {
  return (await edge.post(`/orders/create/${user}`)).body.order_id;
}

async function newItem(price: number): Promise<string> {
  return (await stock.post(`/stock/item/create/${price}`)).body.item_id;
}

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came back.
async function find(order: string): Promise<any> {
  return (await edge.get(`/orders/find/${order}`)).body;
}

/** Gives the order a saga in this state. */
async function setState(order: string, state: 'PENDING' | 'PAID' | 'DISPUTED') {
  await query(
    edge.databaseUrl,
    `WITH saga AS (
       INSERT INTO sagas (id, order_id, user_id, amount, traceparent, deadline_at, state, settled_at)
       VALUES (gen_random_uuid(), $1, 'u1', 1, '', now(), $2, CASE $2 WHEN 'PENDING' THEN NULL ELSE now() END)
       RETURNING id
     )
     UPDATE orders SET saga_id = saga.id FROM saga WHERE orders.id = $1`,
    [order, state],
  );
}

test('a new order is empty and OPEN, and its user need not exist', async () => {
  const order = await newOrder('whoever');
  expect(await edge.get(`/orders/find/${order}`)).toMatchObject({
    status: 200,
    body: {
      order_id: order,
      paid: false,
      items: [],
      user_id: 'whoever',
      total_cost: 0,
      status: 'OPEN',
      saga_id: null,
      state: null,
      reason: null,
    },
  });
});

test('the total is the sum of all items at their prices', async () => {
  const [order, cheap, expensive] = [await newOrder(), await newItem(3), await newItem(100)];
  await edge.post(`/orders/addItem/${order}/${cheap}/2`);
  await edge.post(`/orders/addItem/${order}/${expensive}/1`);
  const last = await edge.post(`/orders/addItem/${order}/${cheap}`);
  expect(last).toMatchObject({ status: 200, body: { order_id: order, total_cost: 109 } });
  const found = await find(order);
  expect(found.total_cost).toBe(109);
  expect(new Map(found.items)).toEqual(
    new Map([
      [cheap, 3],
      [expensive, 1],
    ]),
  );
});

test('fifty concurrent additions of an item all count', async () => {
  const [order, item] = [await newOrder(), await newItem(2)];
  await Promise.all(Array.from({ length: 50 }, () => edge.post(`/orders/addItem/${order}/${item}/3`)));
  expect(await find(order)).toMatchObject({ items: [[item, 150]], total_cost: 300 });
});

test('refuses a total beyond 2^53 - 1 and adds nothing', async () => {
  const [order, item] = [await newOrder(), await newItem(MAX_AMOUNT)];
  const most = Math.floor(MAX_TOTAL / MAX_AMOUNT / MAX_AMOUNT);
  for (let i = 0; i < most; i++) {
    await edge.post(`/orders/addItem/${order}/${item}/${MAX_AMOUNT}`);
  }
  const before = await find(order);
  const refused = await edge.post(`/orders/addItem/${order}/${item}/${MAX_AMOUNT}`);
  expect(refused).toMatchObject({ status: 400, body: { reason: 'limit_exceeded' } });
  expect(await find(order)).toEqual(before);
});

test('an order has at most 500 different items', async () => {
  const [order, item] = [await newOrder(), await newItem(1)];
  await query(
    edge.databaseUrl,
    `INSERT INTO order_lines SELECT $1, 'x' || n, 1, 1 FROM generate_series(1, 500) AS n`,
    [order],
  );
  expect(await edge.post(`/orders/addItem/${order}/${item}/1`)).toMatchObject({
    status: 400,
    body: { reason: 'limit_exceeded' },
  });
});

test.each([
  ['GET', '/orders/find/none', 'unknown_order'],
  ['DELETE', '/orders/removeItem/none/i', 'unknown_order'],
  ['DELETE', '/orders/remove/none', 'unknown_order'],
  ['POST', '/orders/addItem/none/none/1', 'unknown_item'],
])('%s %s answers 404', async (method, path, reason) => {
  expect(await edge.call(method, path)).toMatchObject({ status: 404, body: { reason } });
});

test('adding a known item to an unknown order answers 404', async () => {
  const answer = await edge.post(`/orders/addItem/none/${await newItem(1)}/1`);
  expect(answer).toMatchObject({ status: 404, body: { reason: 'unknown_order' } });
});

test('adds an item that did not exist at the first attempt', async () => {
  const order = await newOrder();
  expect((await edge.post(`/orders/addItem/${order}/late/1`)).status).toBe(404);
  await query(stock.databaseUrl, `INSERT INTO items (id, price) VALUES ('late', 5)`);
  expect((await edge.post(`/orders/addItem/${order}/late/1`)).body.total_cost).toBe(5);
});

test('while stock is down, adds an item at a known price, and otherwise answers 503 and changes nothing', async () => {
  const ownStock = await openServiceEdge('stock');
  const own = await openServiceEdge('order', { stockUrl: ownStock.origin, stockWithinMs: 0 });
  const item = (await ownStock.post('/stock/item/create/4')).body.item_id;
  const other = (await ownStock.post('/stock/item/create/4')).body.item_id;
  const order = (await own.post('/orders/create/u')).body.order_id;
  await own.post(`/orders/addItem/${order}/${item}/1`);
  await ownStock.close();
  expect((await own.post(`/orders/addItem/${order}/${item}/1`)).body.total_cost).toBe(8);
  const refused = await own.post(`/orders/addItem/${order}/${other}/1`);
  expect(refused).toMatchObject({ status: 503, body: { reason: 'unavailable' } });
  expect(refused.headers['retry-after']).toBe('1');
  expect((await own.get(`/orders/find/${order}`)).body.total_cost).toBe(8);
  await own.close();
});

test('removes one unit at a time, and answers 404 when there is none left', async () => {
  const [order, item] = [await newOrder(), await newItem(5)];
  await edge.post(`/orders/addItem/${order}/${item}/2`);
  expect((await edge.call('DELETE', `/orders/removeItem/${order}/${item}`)).status).toBe(200);
  expect(await find(order)).toMatchObject({ items: [[item, 1]], total_cost: 5 });
  expect((await edge.call('DELETE', `/orders/removeItem/${order}/${item}`)).status).toBe(200);
  expect(await find(order)).toMatchObject({ items: [], total_cost: 0 });
  expect(await edge.call('DELETE', `/orders/removeItem/${order}/${item}`)).toMatchObject({
    status: 404,
    body: { reason: 'not_in_order' },
  });
});

test('removes an order with its lines', async () => {
  const [order, item] = [await newOrder(), await newItem(5)];
  await edge.post(`/orders/addItem/${order}/${item}/2`);
  expect((await edge.call('DELETE', `/orders/remove/${order}`)).status).toBe(200);
  expect((await edge.get(`/orders/find/${order}`)).status).toBe(404);
  expect(await query(edge.databaseUrl, 'SELECT FROM order_lines WHERE order_id = $1', [order])).toEqual([]);
});

describe.each([
  ['CHECKING_OUT', 'checkout_in_progress', 'PENDING'],
  ['PAID', 'already_paid', 'PAID'],
  ['DISPUTED', 'sold_before', 'DISPUTED'],
] as const)('an order that is %s', (status, reason, state) => {
  test('cannot be changed in any way, and shows the state of its checkout', async () => {
    const [order, item] = [await newOrder(), await newItem(5)];
    await edge.post(`/orders/addItem/${order}/${item}/2`);
    await setState(order, state);
    const before = await find(order);
    expect(before).toMatchObject({ status, state, reason: null, paid: status === 'PAID' });
    expect(before.saga_id).toMatch(/^[0-9a-f-]{36}$/);
    const refusals = await Promise.all([
      edge.post(`/orders/addItem/${order}/${item}/1`),
      edge.post(`/orders/addItem/${order}/${item}`),
      edge.call('DELETE', `/orders/removeItem/${order}/${item}`),
      edge.call('DELETE', `/orders/remove/${order}`),
    ]);
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ status: 409, body: { reason } });
    }
    expect(await find(order)).toEqual(before);
  });
});

describe('batch_init', () => {
  test('gives each order a user and two different items, one unit each', async () => {
    expect((await edge.post('/orders/batch_init/500/10/20/7')).status).toBe(200);
    const rows = await query<{ user_id: string; items: string[]; quantities: number[]; prices: number[] }>(
      edge.databaseUrl,
      `SELECT user_id, array_agg(DISTINCT item_id) AS items, array_agg(quantity::int) AS quantities,
              array_agg(price::int) AS prices
       FROM orders JOIN order_lines ON order_id = id WHERE id IN (SELECT n::text FROM generate_series(0, 499) n)
       GROUP BY id`,
    );
    expect(rows).toHaveLength(500);
    for (const { user_id, items, quantities, prices } of rows) {
      expect(Number(user_id)).toBeLessThan(20);
      expect(items).toHaveLength(2);
      expect(items.every((item) => Number(item) >= 0 && Number(item) < 10)).toBe(true);
      expect([quantities, prices]).toEqual([
        [1, 1],
        [7, 7],
      ]);
    }
    expect(new Set(rows.map((row) => row.user_id)).size).toBe(20);
    expect(new Set(rows.flatMap((row) => row.items)).size).toBe(10);
  });

  test('gives each order the only item', async () => {
    expect((await edge.post('/orders/batch_init/5/1/1/7')).status).toBe(200);
    expect(await find('4')).toMatchObject({ items: [['0', 1]], user_id: '0', total_cost: 7 });
  });

  test('reopens paid orders, and is refused while one is being checked out', async () => {
    await edge.post('/orders/batch_init/5/3/3/7');
    await setState('2', 'PAID');
    await edge.post('/orders/batch_init/3/3/3/7');
    expect(await find('2')).toMatchObject({ status: 'OPEN', saga_id: null });
    await setState('2', 'PENDING');
    expect(await edge.post('/orders/batch_init/3/3/3/1')).toMatchObject({
      status: 409,
      body: { reason: 'checkout_in_progress' },
    });
    expect(await find('0')).toMatchObject({ total_cost: 14 });
    expect((await edge.post('/orders/batch_init/2/3/3/1')).status).toBe(200);
  });

  test('can be repeated with the same key once the checkout has ended', async () => {
    const again = () => edge.post('/orders/batch_init/3/3/3/1', { 'idempotency-key': 'batch-of-orders' });
    await setState('2', 'PENDING');
    expect((await again()).status).toBe(409);
    await query(
      edge.databaseUrl,
      `UPDATE sagas SET state = 'PAID', settled_at = now() WHERE state = 'PENDING'`,
    );
    expect((await again()).status).toBe(200);
  });

  test('creates 100,000 orders in one request, once none of them is being checked out', async () => {
    await query(
      edge.databaseUrl,
      `UPDATE sagas SET state = 'PAID', settled_at = now() WHERE state = 'PENDING'`,
    );
    expect((await edge.post('/orders/batch_init/100000/1000/1000/10')).status).toBe(200);
    const [made] = await query<{ orders: number; paid: number }>(
      edge.databaseUrl,
      `SELECT count(*)::int AS orders, count(saga_id)::int AS paid FROM orders
       WHERE id IN (SELECT n::text FROM generate_series(0, 99999) n)`,
    );
    expect(made).toEqual({ orders: 100_000, paid: 0 });
  }, 30_000);
});
