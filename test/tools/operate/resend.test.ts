import type { ApiClient } from '../../support/api-client';
import { purge } from '../../support/bindings';
import { ShopProcesses } from '../../support/shop';
import { until } from '../../support/until';
import { command } from './dead-letter-fixture';

let shop: ShopProcesses;
let api: ApiClient;
beforeAll(async () => {
  // Nobody asks: only what the operator does ends a saga here.
  const env = { order: { CANCEL_AFTER_MS: '600000' }, stock: { ASK_AFTER_MS: '600000' } };
  shop = await ShopProcesses.open({ env });
  api = shop.client();
});
afterEach(() => shop.balances());
afterAll(async () => {
  await api.close();
  await shop.close();
});

const sagas = (...args: string[]) => command('sagas', { ...shop.databases, amqp: shop.amqp }, ...args);
const reservationOf = async (saga: string) =>
  (
    await shop.rows<{ state: string }>('stock', 'SELECT state FROM reservations WHERE saga_id = $1', [saga])
  )[0]?.state;

test('a capture that stock has forgotten is shown as lost, and sent once more', async () => {
  const [user, item] = [await api.user(10), await api.item(1, 10)];
  const order = await api.order(user, { [item]: 2 });
  const { body } = await api.checkout(order);
  const saga: string = body.saga_id;
  await until(async () => (await reservationOf(saga)) === 'COMMITTED');
  // As if stock's database were restored to the moment before it got the capture.
  await shop.rows(
    'stock',
    `WITH forgotten AS (DELETE FROM stock_ledger WHERE saga_id = $1)
     UPDATE reservations SET state = 'RESERVED' WHERE saga_id = $1`,
    [saga],
  );
  await until(async () => /payment\.captured was lost/.test((await sagas('show', saga)).stdout));
  expect((await sagas('show', saga)).stdout).toMatch(/Stock .*payment for its decision/);
  expect(await sagas('cancel', saga, '--reason', 'stuck')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining(`stock has it RESERVED and waits to hear payment's decision`),
  });

  expect(await sagas('resend', saga, '--reason', 'the queue was deleted', '--actor', 'ann')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('payment will send payment.captured'),
  });
  await until(async () => (await reservationOf(saga)) === 'COMMITTED');
  const recorded = 'SELECT actor, action, reason FROM operator_actions WHERE saga_ids = ARRAY[$1::uuid]';
  expect(await shop.rows('payment', recorded, [saga])).toEqual([
    { actor: 'ann', action: 'resend', reason: 'the queue was deleted' },
  ]);
  expect((await sagas('show', saga)).stdout).toContain(
    'ann had the message that it waited for sent once more: the queue was deleted',
  );
  expect(await sagas('resend', saga, '--reason', 'again')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('Nothing is missing'),
  });
});

test('a request that was purged before stock got it is sent once more, and the order is paid', async () => {
  const [user, item] = [await api.user(10), await api.item(1, 10)];
  const order = await api.order(user, { [item]: 2 });
  const stock = shop.one('stock');
  await shop.end(stock, 'SIGTERM');
  const saga: string = (await api.checkout(order, { Prefer: 'respond-async' })).body.saga_id;
  await purge(shop.amqp, 'stock.reserve');
  shop.start(stock);
  await shop.ready();
  expect((await sagas('resend', saga, '--reason', 'purged', '--json')).stdout).toContain(
    'order.checkout_requested',
  );
  await until(async () => (await api.get(`/orders/find/${order}`)).body.paid);
  expect([await api.credit(user), await api.stock(item)]).toEqual([8, 8]);
});

test('nothing is sent about a saga that nobody knows, or without a reason', async () => {
  const unknown = '00000000-0000-7000-8000-000000000001';
  expect(await sagas('resend', unknown, '--reason', 'stuck')).toMatchObject({ status: 1 });
  expect(await sagas('resend', unknown)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('Say why with --reason'),
  });
});
