import type { ServiceName } from '../../shared/services';
import type { ApiClient } from '../support/api-client';
import { auditOf } from '../support/audit';
import { backUpDatabase, restoreDatabase } from '../support/servers';
import { ShopProcesses } from '../support/shop';
import { until } from '../support/until';
import { command } from '../tools/operate/dead-letter-fixture';

/** A database returns to an earlier commit, one service at a time, as after a restore from a backup. */

let shop: ShopProcesses;
let api: ApiClient;
let user: string;
let item: string;
let other: string;
beforeEach(async () => {
  const env = {
    order: { CANCEL_AFTER_MS: '500', ANSWER_WITHIN_MS: '1500' },
    stock: { ASK_AFTER_MS: '1000' },
  };
  shop = await ShopProcesses.open({ env });
  api = shop.client();
  [user, item, other] = [await api.user(100), await api.item(1, 100), await api.item(1, 100)];
});
afterEach(async () => {
  await api.close();
  await shop.close();
});

/** Stops a service while something is done to its database. */
async function whileStopped<T>(service: ServiceName, work: (url: string) => Promise<T>): Promise<T> {
  const replicas = shop.of(service);
  await Promise.all(replicas.map((replica) => shop.end(replica, 'SIGTERM')));
  const result = await work(shop.databases[service]);
  for (const replica of replicas) {
    shop.start(replica);
  }
  await shop.ready();
  return result;
}

/** Backs up a service's database, lets `work` happen, and returns the database to the backup. */
async function undo<T>(service: ServiceName, work: () => Promise<T>): Promise<T> {
  const backup = await whileStopped(service, backUpDatabase);
  const result = await work();
  await shop.balances();
  await whileStopped(service, (url) => restoreDatabase(url, backup));
  return result;
}

async function buy(order: string): Promise<string> {
  const answer = await api.checkout(order);
  expect(answer.status).toBe(200);
  return answer.body.saga_id;
}

const findings = async () => (await auditOf({ ...shop.databases, amqp: shop.amqp })).findings;

test('an order whose checkout order has forgotten is not charged again, and is paid by the same saga', async () => {
  const order = await api.order(user, { [item]: 2 });
  const saga = await undo('order', () => buy(order));
  expect((await api.get(`/orders/find/${order}`)).body).toMatchObject({ paid: false, status: 'OPEN' });
  expect(await findings()).toMatchObject([
    {
      invariant: 'I3',
      saga_id: saga,
      order_id: order,
      user_id: user,
      detail: expect.stringContaining('charged 2'),
    },
  ]);

  expect(await buy(order)).toBe(saga);
  await shop.balances();
  expect([await api.credit(user), await api.stock(item)]).toEqual([98, 98]);
});

test('an order that has failed, was paid later, and has forgotten both, goes the same way again', async () => {
  const poor = await api.user(1);
  const order = await api.order(poor, { [item]: 2 });
  const saga = await undo('order', async () => {
    expect((await api.checkout(order)).status).toBe(409);
    await api.must(`/payment/add_funds/${poor}/10`);
    return buy(order);
  });
  const again = await api.checkout(order);
  expect(again).toMatchObject({ status: 409, body: { reason: 'insufficient_credit' } });
  expect(await buy(order)).toBe(saga);
  await shop.balances();
  expect([await api.credit(poor), await api.stock(item)]).toEqual([9, 98]);
});

/** Checks an order out again that order has forgotten, after a change. Nothing may be charged, nor called paid. */
async function dispute(
  change: (order: string) => Promise<unknown>,
): Promise<{ order: string; saga: string }> {
  const order = await api.order(user, { [item]: 2 });
  const saga = await undo('order', () => buy(order));
  await change(order);
  expect((await api.checkout(order)).status).toBe(202);
  await until(async () => (await deadLetters()).length > 0);
  expect((await api.get(`/orders/find/${order}`)).body).toMatchObject({
    ...{ paid: false, status: 'CHECKING_OUT', saga_id: saga },
  });
  expect(await api.credit(user)).toBe(98);
  expect(await findings()).toContainEqual(
    expect.objectContaining({ invariant: 'I3', saga_id: saga, order_id: order, user_id: user }),
  );
  return { order, saga };
}
const operate = (...args: string[]) =>
  command('deadletters', { ...shop.databases, amqp: shop.amqp }, ...args);
const deadLetters = async (): Promise<{ queue: string; error: string }[]> =>
  JSON.parse((await operate('list', '--json')).stdout).letters;

test('a forgotten charge is not called paid by a checkout of another amount, until an operator has corrected the order', async () => {
  const { order, saga } = await dispute((order) => api.must(`/orders/addItem/${order}/${item}/1`));
  expect(await deadLetters()).toContainEqual(
    expect.objectContaining({
      queue: 'order.settle',
      error: `saga ${saga} of order ${order} costs 3 and was charged 2`,
    }),
  );
  await shop.rows('order', 'UPDATE order_lines SET quantity = 2 WHERE order_id = $1', [order]);
  await shop.rows('order', 'UPDATE sagas SET amount = 2, lines_crc32 = NULL WHERE id = $1', [saga]);
  await operate('redrive', '--all', '--queue', 'order.settle');
  await shop.balances();
  expect((await api.get(`/orders/find/${order}`)).body).toMatchObject({ paid: true, saga_id: saga });
});

test('a forgotten charge is not called paid by a checkout of other lines at the same price', async () => {
  const { order, saga } = await dispute(async (order) => {
    await api.must(`/orders/addItem/${order}/${other}/1`);
    await api.request('DELETE', `/orders/removeItem/${order}/${item}`);
  });
  expect(await deadLetters()).toContainEqual(
    expect.objectContaining({
      queue: 'order.settle',
      error: `saga ${saga} of order ${order} was charged 2 for other lines than the order now has`,
    }),
  );
});

test('a sale that stock has forgotten is named with its units, and nothing else is wrong', async () => {
  const order = await api.order(user, { [item]: 2 });
  const saga = await undo('stock', () => buy(order));
  expect(await findings()).toMatchObject([
    {
      invariant: 'I3',
      saga_id: saga,
      order_id: order,
      user_id: user,
      detail: expect.stringMatching(/stock has lost.*2 of/),
    },
  ]);
});

test('a charge that payment has forgotten is named with its amount, and nothing else is wrong', async () => {
  const order = await api.order(user, { [item]: 2 });
  const saga = await undo('payment', () => buy(order));
  expect(await findings()).toMatchObject([
    {
      invariant: 'I3',
      saga_id: saga,
      order_id: order,
      user_id: user,
      detail: expect.stringMatching(/payment has lost.*charge of 2/),
    },
  ]);
});
