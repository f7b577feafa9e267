import { keyExpiry } from '../../shared/http/key-expiry';
import { deleteExpired } from '../../shared/postgres/cleaner';
import { statement } from '../../shared/postgres/statement';
import { expectLedgersToBalance, query } from '../support/books';
import { openServiceEdge, type ServiceEdge } from '../support/http-edge';

let edge: ServiceEdge;
let user: string;
let keys = 0;

beforeAll(async () => {
  edge = await openServiceEdge('payment');
});

beforeEach(async () => {
  user = (await edge.post('/payment/create_user')).body.user_id;
});

afterAll(async () => {
  await expectLedgersToBalance({ payment: edge.databaseUrl });
  await edge.close();
});

function newKey(): string {
  keys += 1;
  return `key-${keys}`;
}

async function credit(): Promise<number> {
  return (await edge.get(`/payment/find_user/${user}`)).body.credit;
}

test('a repeated request has no further effect and gets the stored answer', async () => {
  const headers = { 'Idempotency-Key': newKey() };
  const first = await edge.post(`/payment/add_funds/${user}/5`, headers);
  await edge.post(`/payment/add_funds/${user}/100`);
  const second = await edge.post(`/payment/add_funds/${user}/5`, headers);
  expect(first.headers['idempotency-replayed']).toBeUndefined();
  expect(second.headers['idempotency-replayed']).toBe('true');
  expect([second.status, second.body]).toEqual([first.status, first.body]);
  expect(await credit()).toBe(105);
});

test('a repeated creation returns the same user', async () => {
  const headers = { 'Idempotency-Key': newKey() };
  const first = await edge.post('/payment/create_user', headers);
  const second = await edge.post('/payment/create_user', headers);
  expect(second.body).toEqual(first.body);
});

test('stores refusals, too', async () => {
  const headers = { 'Idempotency-Key': newKey() };
  const first = await edge.post(`/payment/pay/${user}/5`, headers);
  await edge.post(`/payment/add_funds/${user}/100`);
  const second = await edge.post(`/payment/pay/${user}/5`, headers);
  expect(first).toMatchObject({ status: 409, body: { reason: 'insufficient_credit' } });
  expect(second).toMatchObject({ status: 409, body: { detail: first.body.detail } });
  expect(second.headers['content-type']).toBe('application/problem+json');
  expect(await credit()).toBe(100);
});

test('of many requests at once, one has the effect, and the others get its answer or 409', async () => {
  const headers = { 'Idempotency-Key': newKey() };
  const path = `/payment/add_funds/${user}/5`;
  const answers = await Promise.all(Array.from({ length: 60 }, () => edge.post(path, headers)));
  for (const { status, body } of answers) {
    expect([200, 409]).toContain(status);
    expect(status === 200 ? body.credit : body.reason).toBe(status === 200 ? 5 : 'idempotency_key_in_flight');
  }
  expect(answers.some(({ status }) => status === 200)).toBe(true);
  expect(await credit()).toBe(5);
});

test('while the first request is in flight, a second one gets 409 and changes nothing', async () => {
  const key = newKey();
  await edge.database.transaction(async (tx) => {
    await tx.run(statement('', 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))'), [key]);
    const second = await edge.post(`/payment/add_funds/${user}/5`, { 'Idempotency-Key': key });
    expect(second).toMatchObject({ status: 409, body: { reason: 'idempotency_key_in_flight' } });
  });
  expect(await credit()).toBe(0);
});

describe('a key on DELETE', () => {
  let order: ServiceEdge;
  let id: string;
  beforeAll(async () => {
    order = await openServiceEdge('order');
  });
  beforeEach(async () => {
    await order.post('/orders/batch_init/1/1/1/1');
    id = (await order.post('/orders/create/u')).body.order_id;
    await query(order.databaseUrl, `INSERT INTO order_lines VALUES ('${id}', 'i', 5, 1)`);
  });
  afterAll(() => order.close());

  const items = async () => (await order.get(`/orders/find/${id}`)).body.items;

  test('removes a unit once, however often the request is repeated', async () => {
    const path = `/orders/removeItem/${id}/i`;
    const headers = { 'Idempotency-Key': newKey() };
    const first = await order.call('DELETE', path, headers);
    const second = await order.call('DELETE', path, headers);
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect(second).toMatchObject({
      status: 200,
      body: first.body,
      headers: { 'idempotency-replayed': 'true' },
    });
    expect(await items()).toEqual([['i', 4]]);
    await order.call('DELETE', path, { 'Idempotency-Key': newKey() });
    await order.call('DELETE', path);
    expect(await items()).toEqual([['i', 2]]);
  });

  test('returns the first answer when an order that was removed is removed again', async () => {
    const headers = { 'Idempotency-Key': newKey() };
    const answers = [
      await order.call('DELETE', `/orders/remove/${id}`, headers),
      await order.call('DELETE', `/orders/remove/${id}`, headers),
      await order.call('DELETE', `/orders/remove/${id}`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404]);
  });

  test('is refused for another request', async () => {
    const headers = { 'Idempotency-Key': newKey() };
    await order.call('DELETE', `/orders/removeItem/${id}/i`, headers);
    expect(await order.call('DELETE', `/orders/remove/${id}`, headers)).toMatchObject({
      status: 422,
      body: { reason: 'idempotency_key_reused' },
    });
    expect(await items()).toEqual([['i', 4]]);
  });

  test('is not used up while the order is being checked out', async () => {
    const headers = { 'Idempotency-Key': newKey() };
    await query(
      order.databaseUrl,
      `INSERT INTO sagas (id, order_id, user_id, amount, traceparent, deadline_at)
       VALUES ('01900000-0000-7000-8000-000000000001', '${id}', 'u', 5, '', now() + interval '1 hour')`,
    );
    await query(
      order.databaseUrl,
      `UPDATE orders SET saga_id = '01900000-0000-7000-8000-000000000001' WHERE id = '${id}'`,
    );
    expect((await order.call('DELETE', `/orders/removeItem/${id}/i`, headers)).status).toBe(409);
    await query(order.databaseUrl, `UPDATE orders SET saga_id = NULL WHERE id = '${id}'`);
    expect((await order.call('DELETE', `/orders/removeItem/${id}/i`, headers)).status).toBe(200);
  });
});

test('refuses the same key for another request', async () => {
  const headers = { 'Idempotency-Key': newKey() };
  await edge.post(`/payment/add_funds/${user}/5`, headers);
  expect(await edge.post(`/payment/add_funds/${user}/6`, headers)).toMatchObject({
    status: 422,
    body: { reason: 'idempotency_key_reused' },
  });
  expect(await credit()).toBe(5);
});

test('a key is the same with and without the quotes of the draft', async () => {
  const key = newKey();
  await edge.post(`/payment/add_funds/${user}/5`, { 'Idempotency-Key': `"${key}"` });
  await edge.post(`/payment/add_funds/${user}/5`, { 'Idempotency-Key': key });
  expect(await credit()).toBe(5);
});

test.each(['a b', '"', '""', '"a', 'a"b', 'a\\b', 'x'.repeat(256), 'é', '"a b"'])(
  'refuses the key %p and changes nothing',
  async (key) => {
    const answer = await edge.post(`/payment/add_funds/${user}/5`, { 'Idempotency-Key': key });
    expect(answer).toMatchObject({ status: 400, body: { reason: 'invalid_idempotency_key' } });
    expect(await credit()).toBe(0);
  },
);

test('accepts a key of 255 characters', async () => {
  const headers = { 'Idempotency-Key': 'k'.repeat(255) };
  expect((await edge.post(`/payment/add_funds/${user}/5`, headers)).status).toBe(200);
});

test('an invalid request does not use up its key', async () => {
  const headers = { 'Idempotency-Key': newKey() };
  expect((await edge.post(`/payment/add_funds/${user}/five`, headers)).status).toBe(400);
  expect((await edge.post(`/payment/add_funds/${user}/5`, headers)).status).toBe(200);
});

test('keeps keys for 24 hours and then deletes them, however many there are', async () => {
  const insert = `INSERT INTO idempotency_keys (key, fingerprint, status, body, created_at)
    SELECT $1 || n, 'x', 200, '{}', now() - $2::interval FROM generate_series(1, $3) AS n`;
  await query(edge.databaseUrl, insert, ['old', '24 hours 1 minute', 2500]);
  await query(edge.databaseUrl, insert, ['young', '23 hours 59 minutes', 10]);
  await Promise.all([deleteExpired(edge.database, keyExpiry), deleteExpired(edge.database, keyExpiry)]);
  const left = await query<{ kind: string; count: string }>(
    edge.databaseUrl,
    `SELECT substr(key, 1, 3) AS kind, count(*)::text FROM idempotency_keys
     WHERE key LIKE 'old%' OR key LIKE 'young%' GROUP BY 1`,
  );
  expect(left).toEqual([{ kind: 'you', count: '10' }]);
});

test('replays an addition while stock, which knows the price, is down', async () => {
  const stock = await openServiceEdge('stock');
  const order = await openServiceEdge('order', { stockUrl: stock.origin });
  const item = (await stock.post('/stock/item/create/4')).body.item_id;
  const first = await order.post('/orders/create/u');
  const path = `/orders/addItem/${first.body.order_id}/${item}/1`;
  const headers = { 'Idempotency-Key': newKey() };
  await order.post(path, headers);
  await order.post('/orders/batch_init/1/1/1/1');
  await stock.close();
  expect((await order.post(path)).status).toBe(503);
  expect(await order.post(path, headers)).toMatchObject({ status: 200, body: { total_cost: 4 } });
  await order.close();
});
