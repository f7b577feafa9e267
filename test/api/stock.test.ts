import { MAX_TOTAL } from '../../shared/http/inputs';
import { expectLedgersToBalance, query } from '../support/books';
import { openServiceEdge, type ServiceEdge } from '../support/http-edge';

let edge: ServiceEdge;
let changed: string[] = [];

beforeAll(async () => {
  edge = await openServiceEdge('stock', { onStockChanged: (itemIds) => changed.push(...itemIds) });
});

beforeEach(() => {
  changed = [];
});

afterAll(async () => {
  await expectLedgersToBalance({ stock: edge.databaseUrl });
  await edge.close();
});

async function itemWith(stock: number, price = 3): Promise<string> {
  const { item_id } = (await edge.post(`/stock/item/create/${price}`)).body;
  if (stock > 0) {
    await edge.post(`/stock/add/${item_id}/${stock}`);
  }
  return item_id;
}

async function stockOf(item: string): Promise<number> {
  return (await edge.get(`/stock/find/${item}`)).body.stock;
}

/** Adds the reservation of a checkout in flight, RESERVED or WAITING. */
async function reserve(item: string, quantity: number, state = 'RESERVED'): Promise<void> {
  await query(
    edge.databaseUrl,
    `INSERT INTO reservations (saga_id, order_id, user_id, amount, item_ids, quantities, state, traceparent)
     VALUES (gen_random_uuid(), 'o', 'u', 1, ARRAY['elsewhere', $1], ARRAY[1, $2::bigint], $3, '')`,
    [item, quantity, state],
  );
  if (state === 'RESERVED') {
    await query(edge.databaseUrl, 'UPDATE items SET available = available - $2 WHERE id = $1', [
      item,
      quantity,
    ]);
  }
}

/** Sells what every checkout in flight has reserved. */
async function sellReserved(): Promise<void> {
  await query(
    edge.databaseUrl,
    `WITH sold AS (DELETE FROM reservations WHERE state = 'RESERVED' RETURNING *)
     INSERT INTO stock_ledger (item_id, delta, kind, saga_id)
     SELECT item_id, -quantity, 'sale', saga_id FROM sold, unnest(item_ids, quantities) AS line (item_id, quantity)
     WHERE item_id <> 'elsewhere'`,
  );
}

test('a new item has its price and nothing in stock; the price may be 0', async () => {
  const item = await itemWith(0, 0);
  expect(await edge.get(`/stock/find/${item}`)).toMatchObject({ status: 200, body: { stock: 0, price: 0 } });
});

test('adds and subtracts', async () => {
  const item = await itemWith(10);
  const answer = await edge.post(`/stock/subtract/${item}/4`);
  expect(answer).toMatchObject({ status: 200, body: { item_id: item, stock: 6 } });
  expect(await stockOf(item)).toBe(6);
});

test('refuses to subtract more than is available and takes nothing', async () => {
  const item = await itemWith(10);
  const refused = await edge.post(`/stock/subtract/${item}/11`);
  expect(refused).toMatchObject({ status: 409, body: { reason: 'out_of_stock' } });
  expect(await stockOf(item)).toBe(10);
});

test('neither shows nor subtracts what a checkout in flight has reserved', async () => {
  const item = await itemWith(10);
  await reserve(item, 8);
  expect(await stockOf(item)).toBe(2);
  expect((await edge.post(`/stock/subtract/${item}/3`)).status).toBe(409);
  await sellReserved();
});

test('refuses an addition beyond 2^53 - 1, counting what is reserved, and adds nothing', async () => {
  const item = await itemWith(10);
  await reserve(item, 10);
  await query(
    edge.databaseUrl,
    `WITH noted AS (INSERT INTO stock_ledger (item_id, delta, kind) VALUES ($1, $2, 'init'))
     UPDATE items SET available = $2 WHERE id = $1`,
    [item, MAX_TOTAL - 12],
  );
  expect(await edge.post(`/stock/add/${item}/3`)).toMatchObject({
    status: 400,
    body: { reason: 'limit_exceeded' },
  });
  expect((await edge.post(`/stock/add/${item}/2`)).status).toBe(200);
  expect(await stockOf(item)).toBe(MAX_TOTAL - 10);
  await sellReserved();
  expect((await edge.post(`/stock/add/${item}/10`)).status).toBe(200);
});

test('two hundred concurrent subtractions take exactly what is available', async () => {
  const item = await itemWith(70);
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => edge.post(`/stock/subtract/${item}/1`)),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(70);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(130);
});

test('notifies the saga of each committed change, and of nothing else', async () => {
  const item = await itemWith(5);
  await edge.post(`/stock/subtract/${item}/1`);
  await edge.post(`/stock/subtract/${item}/100`);
  await edge.post('/stock/add/nothing/1');
  expect(changed).toEqual([item, item]);
});

test.each([
  ['GET', '/stock/find/nothing'],
  ['POST', '/stock/add/nothing/1'],
  ['POST', '/stock/subtract/nothing/1'],
])('%s %s answers 404 for an item that does not exist', async (method, path) => {
  expect(await edge.call(method, path)).toMatchObject({ status: 404, body: { reason: 'unknown_item' } });
});

describe('batch_init', () => {
  test('replaces items 0 to n-1 and no others, and updates the ledger', async () => {
    const other = await itemWith(7);
    expect((await edge.post('/stock/batch_init/1000/50/9')).status).toBe(200);
    await edge.post('/stock/subtract/3/10');
    expect((await edge.post('/stock/batch_init/10/0/4')).status).toBe(200);
    expect((await edge.get('/stock/find/3')).body).toEqual({ stock: 0, price: 4 });
    expect((await edge.get('/stock/find/10')).body).toEqual({ stock: 50, price: 9 });
    expect((await edge.get('/stock/find/1000')).status).toBe(404);
    expect(await stockOf(other)).toBe(7);
    await expectLedgersToBalance({ stock: edge.databaseUrl });
  });

  test('is refused while a checkout in flight has reserved one of the items', async () => {
    await edge.post('/stock/batch_init/10/50/9');
    await reserve('9', 1);
    expect(await edge.post('/stock/batch_init/10/1/1')).toMatchObject({
      status: 409,
      body: { reason: 'checkout_in_progress' },
    });
    expect(await stockOf('0')).toBe(50);
    expect((await edge.post('/stock/batch_init/9/1/1')).status).toBe(200);
    await sellReserved();
    expect((await edge.post('/stock/batch_init/10/1/1')).status).toBe(200);
  });

  test('can be repeated with the same key once the checkout has ended', async () => {
    const again = () => edge.post('/stock/batch_init/10/1/1', { 'idempotency-key': 'batch-of-items' });
    await edge.post('/stock/batch_init/10/50/9');
    await reserve('9', 1);
    expect((await again()).status).toBe(409);
    await sellReserved();
    expect((await again()).status).toBe(200);
  });

  test('is refused while a checkout waits for one of the items', async () => {
    await edge.post('/stock/batch_init/10/50/9');
    await reserve('9', 1, 'WAITING');
    expect((await edge.post('/stock/batch_init/10/1/1')).status).toBe(409);
    expect((await edge.post('/stock/batch_init/9/1/1')).status).toBe(200);
    await query(edge.databaseUrl, 'DELETE FROM reservations');
  });

  test('creates 100,000 items in one request', async () => {
    expect((await edge.post('/stock/batch_init/100000/1000/10')).status).toBe(200);
  }, 30_000);
});
