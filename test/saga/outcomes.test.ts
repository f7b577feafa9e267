import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ApiClient } from '../support/api-client';
import { ShopProcesses } from '../support/shop';

let shop: ShopProcesses;
let api: ApiClient;
beforeAll(async () => {
  shop = await ShopProcesses.open();
  api = shop.client();
});
afterAll(async () => {
  await shop.balances();
  await api.close();
  await shop.close();
});

test('a checkout that can be paid takes the credit and the stock and answers 200', async () => {
  const [user, item] = [await api.user(100), await api.item(7, 10)];
  const order = await api.order(user, { [item]: 3 });

  const answer = await api.checkout(order);

  expect(answer).toMatchObject({ status: 200, body: { order_id: order, status: 'PAID' } });
  expect(await api.credit(user)).toBe(79);
  expect(await api.stock(item)).toBe(7);
  expect((await api.get(`/orders/find/${order}`)).body).toMatchObject({
    paid: true,
    status: 'PAID',
    state: 'PAID',
    saga_id: answer.body.saga_id,
    total_cost: 21,
    items: [[item, 3]],
  });
});

test('an order that costs nothing is paid', async () => {
  const [user, item] = [await api.user(0), await api.item(0, 1)];
  const answer = await api.checkout(await api.order(user, { [item]: 1 }));
  expect(answer.status).toBe(200);
  expect(await api.stock(item)).toBe(0);
});

test('an item that is short fails the whole order, and no item and no credit is taken', async () => {
  const user = await api.user(100);
  const [plenty, scarce] = [await api.item(1, 10), await api.item(1, 1)];
  const order = await api.order(user, { [plenty]: 5, [scarce]: 2 });

  const answer = await api.checkout(order);

  expect(answer).toMatchObject({ status: 409, body: { reason: 'out_of_stock', status: 409 } });
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.body.trace_id).toMatch(/^[0-9a-f]{32}$/);
  expect([await api.stock(plenty), await api.stock(scarce), await api.credit(user)]).toEqual([10, 1, 100]);
});

test('too little credit fails the order, and its stock can be sold again by the time of the answer', async () => {
  const [user, item] = [await api.user(5), await api.item(3, 4)];
  const order = await api.order(user, { [item]: 2 });

  expect(await api.checkout(order)).toMatchObject({ status: 409, body: { reason: 'insufficient_credit' } });
  expect([await api.stock(item), await api.credit(user)]).toEqual([4, 5]);
});

test('an unknown user fails the order', async () => {
  const item = await api.item(3, 4);
  const order = await api.order('nobody', { [item]: 1 });
  expect(await api.checkout(order)).toMatchObject({ status: 409, body: { reason: 'unknown_user' } });
  expect(await api.stock(item)).toBe(4);
});

test('an order that failed can be checked out again once the cause is removed', async () => {
  const [user, item] = [await api.user(5), await api.item(10, 1)];
  const order = await api.order(user, { [item]: 1 });
  const first = await api.checkout(order);
  expect(first.status).toBe(409);
  expect((await api.get(`/orders/find/${order}`)).body).toMatchObject({
    status: 'OPEN',
    state: 'FAILED',
    reason: 'insufficient_credit',
  });

  await api.must(`/payment/add_funds/${user}/5`);
  const second = await api.checkout(order);

  expect(second.status).toBe(200);
  expect(second.body.saga_id).not.toBe(first.body.saga_id);
  expect([await api.credit(user), await api.stock(item)]).toEqual([0, 0]);
});

test('an order that failed can be changed and checked out again', async () => {
  const [user, item] = [await api.user(10), await api.item(1, 1)];
  const order = await api.order(user, { [item]: 2 });
  expect((await api.checkout(order)).status).toBe(409);
  expect((await api.request('DELETE', `/orders/removeItem/${order}/${item}`)).status).toBe(200);
  expect((await api.checkout(order)).status).toBe(200);
  expect([await api.credit(user), await api.stock(item)]).toEqual([9, 0]);
});

test('a paid order is answered 200 again and is not charged again', async () => {
  const [user, item] = [await api.user(10), await api.item(2, 5)];
  const order = await api.order(user, { [item]: 1 });
  const first = await api.checkout(order);
  const again = await api.checkout(order);
  expect([first.status, again.status]).toEqual([200, 200]);
  expect(again.body.saga_id).toBe(first.body.saga_id);
  expect([await api.credit(user), await api.stock(item)]).toEqual([8, 4]);
});

test('a paid order cannot be changed or removed', async () => {
  const [user, item] = [await api.user(10), await api.item(2, 5)];
  const order = await api.order(user, { [item]: 1 });
  await api.checkout(order);
  expect((await api.post(`/orders/addItem/${order}/${item}/1`)).status).toBe(409);
  expect((await api.request('DELETE', `/orders/removeItem/${order}/${item}`)).status).toBe(409);
  expect((await api.request('DELETE', `/orders/remove/${order}`)).status).toBe(409);
  expect((await api.get(`/orders/find/${order}`)).body.items).toEqual([[item, 1]]);
});

test('an empty order is answered 400 and an unknown one 404, and no saga is opened', async () => {
  const { order_id } = await api.must('/orders/create/someone');
  expect(await api.checkout(order_id)).toMatchObject({ status: 400, body: { reason: 'empty_order' } });
  expect((await api.checkout('no-such-order')).status).toBe(404);
  expect((await api.get(`/orders/find/${order_id}`)).body.saga_id ?? null).toBeNull();
});

test('a request that prefers not to wait is answered 202 at once, and Location leads to the outcome', async () => {
  const [user, item] = [await api.user(10), await api.item(2, 5)];
  const order = await api.order(user, { [item]: 1 });

  const answer = await api.checkout(order, { Prefer: 'respond-async' });

  expect(answer.status).toBe(202);
  expect(answer.headers.location).toBe(`/orders/find/${order}`);
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  await shop.balances();
  expect((await api.get(String(answer.headers.location))).body).toMatchObject({
    paid: true,
    saga_id: answer.body.saga_id,
  });
});

test('an idempotency key replays the outcome of its checkout and is refused for any other request', async () => {
  const [user, item] = [await api.user(1), await api.item(1, 1)];
  const [good, bad] = [await api.order(user, { [item]: 1 }), await api.order(user, { [item]: 2 })];

  const first = await api.checkout(good, { 'Idempotency-Key': 'key-good' });
  const again = await api.checkout(good, { 'Idempotency-Key': 'key-good' });
  expect([first.status, again.status]).toEqual([200, 200]);
  expect(again.body).toEqual(first.body);

  const refused = await api.checkout(bad, { 'Idempotency-Key': 'key-bad' });
  await api.must(`/stock/add/${item}/10`);
  await api.must(`/payment/add_funds/${user}/10`);
  const replayed = await api.checkout(bad, { 'Idempotency-Key': 'key-bad' });
  expect(replayed).toMatchObject({
    status: 409,
    body: { reason: 'out_of_stock', saga_id: refused.body.saga_id },
  });

  expect((await api.checkout(bad, { 'Idempotency-Key': 'key-good' })).status).toBe(422);
  expect((await api.checkout(bad)).status).toBe(200);
});

test('a repeated idempotency key is answered 409 while its checkout is in flight', async () => {
  const [user, item] = [await api.user(1), await api.item(1, 1)];
  const order = await api.order(user, { [item]: 1 });
  const payment = shop.one('payment');
  payment.process.kill('SIGSTOP');
  let conflict: Awaited<ReturnType<ApiClient['checkout']>>;
  try {
    const headers = { 'Idempotency-Key': 'twice', Prefer: 'respond-async' };
    expect((await api.checkout(order, headers)).status).toBe(202);
    conflict = await api.checkout(order, { 'Idempotency-Key': 'twice' });
  } finally {
    payment.process.kill('SIGCONT');
  }
  expect(conflict).toMatchObject({ status: 409, body: { reason: 'idempotency_key_in_flight' } });
  expect((await api.checkout(order)).status).toBe(200);
  expect(await api.credit(user)).toBe(0);
});

test('the trace context of a request is stored with its saga and reaches stock with the event', async () => {
  const [user, item] = [await api.user(10), await api.item(2, 5)];
  const order = await api.order(user, { [item]: 3 });
  const trace = 'feedfacefeedfacefeedfacefeedface';
  await api.checkout(order, { traceparent: `00-${trace}-1234567890abcdef-01` });
  await shop.balances();
  const sagas = await shop.rows<{ traceparent: string }>(
    'order',
    'SELECT traceparent FROM sagas WHERE order_id = $1',
    [order],
  );
  const reservations = await shop.rows<{ traceparent: string }>(
    'stock',
    'SELECT traceparent FROM reservations WHERE order_id = $1',
    [order],
  );
  expect(sagas[0]?.traceparent).toContain(trace);
  expect(reservations[0]?.traceparent).toContain(trace);
});
