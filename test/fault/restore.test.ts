import { encodeBatch } from '../../shared/contract/cloudevents';
import { linesCrc32, type SagaEvent } from '../../shared/contract/events';
import type { CheckoutName } from '../../shared/services';
import type { ApiClient } from '../support/api-client';
import { auditOf } from '../support/audit';
import { query } from '../support/books';
import { TRACEPARENT } from '../support/events';
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
async function whileStopped<T>(service: CheckoutName, work: (url: string) => Promise<T>): Promise<T> {
  const replicas = shop.of(service);
  await Promise.all(replicas.map((replica) => shop.end(replica, 'SIGTERM')));
  const result = await work(shop.databases[service]);
  for (const replica of replicas) {
    shop.start(replica);
  }
  await shop.ready();
  return result;
}

/**
 * Backs up a service's database, lets `work` happen, and returns the database to the backup, as docs/operating.md says.
 * @param deferred events that the backup has deferred and that nobody has deleted from it
 */
async function undo<T>(
  service: CheckoutName,
  work: () => Promise<T>,
  deferred: { queue: string; event: SagaEvent }[] = [],
): Promise<T> {
  const backup = await whileStopped(service, backUpDatabase);
  const result = await work();
  await shop.balances();
  await whileStopped(service, async (url) => {
    await restoreDatabase(url, backup);
    await query(url, 'DELETE FROM deferred_events');
    for (const { queue, event } of deferred) {
      await query(
        url,
        `INSERT INTO deferred_events (queue, saga_id, body, blocked_by, retry_at) VALUES ($1, $2, $3, 'a row', now())`,
        [queue, event.data.saga_id, encodeBatch([event], new Date().toISOString())],
      );
    }
  });
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

/** Checks an order out again that order has forgotten, after a change. It ends by itself, and nothing more is charged. */
async function dispute(
  change: (order: string) => Promise<unknown>,
  detail: string,
): Promise<{ order: string; saga: string }> {
  const order = await api.order(user, { [item]: 2 });
  const saga = await undo('order', () => buy(order));
  await change(order);
  const soldBefore = { status: 409, body: { reason: 'sold_before', saga_id: saga } };
  expect(await api.checkout(order)).toMatchObject(soldBefore);
  const text = `Order ${order} was sold earlier, as saga ${saga}, for 2 credits, and its contents have changed since.`;
  const again = await Promise.all([api.checkout(order, KEY), api.checkout(order)]);
  expect(again).toMatchObject([soldBefore, soldBefore]);
  expect(await api.checkout(order, KEY)).toMatchObject(soldBefore);
  expect(again[0]?.body.detail).toBe(
    `${text} Nothing more was charged. Put what else you want into a new order.`,
  );
  expect(await api.request('POST', `/orders/addItem/${order}/${item}`)).toMatchObject({ status: 409 });
  expect((await api.get(`/orders/find/${order}`)).body).toMatchObject({
    ...{ paid: false, status: 'DISPUTED', state: 'DISPUTED', saga_id: saga },
  });
  expect([await api.credit(user), await api.stock(item)]).toEqual([98, 98]);
  // Nothing is in flight, and no event is parked: the finding that names the saga is the only one.
  await until(async () => (await findings()).every(({ invariant }) => invariant === 'I5'));
  expect(await findings()).toMatchObject([
    {
      invariant: 'I5',
      saga_id: saga,
      order_id: order,
      user_id: user,
      detail: expect.stringContaining(detail),
    },
  ]);
  const { sagas } = JSON.parse((await operate('list', '--state', 'disputed', '--json')).stdout);
  expect(sagas).toMatchObject([
    { saga_id: saga, order: 'DISPUTED', stock: 'COMMITTED', payment: 'CAPTURED' },
  ]);
  expect((await operate('show', saga)).stdout).toContain('It is disputed');
  return { order, saga };
}
const KEY = { 'idempotency-key': 'key' };
const operate = (...args: string[]) => command('sagas', { ...shop.databases, amqp: shop.amqp }, ...args);

test('a forgotten charge is disputed by a checkout of another amount, until an operator makes the order say what was sold', async () => {
  const { order, saga } = await dispute(
    (order) => api.must(`/orders/addItem/${order}/${item}/1`),
    `charged 2 for 2 of ${item}, which order had lost, and then asked for 3 of ${item}`,
  );
  await shop.rows('order', 'UPDATE order_lines SET quantity = 2 WHERE order_id = $1', [order]);
  await shop.rows('order', `UPDATE sagas SET state = 'PAID' WHERE id = $1 AND state = 'DISPUTED'`, [saga]);
  await shop.balances();
  expect(await buy(order)).toBe(saga);
});

test('a forgotten charge is disputed by a checkout of other lines at the same price', async () => {
  await dispute(async (order) => {
    await api.must(`/orders/addItem/${order}/${other}/1`);
    await api.request('DELETE', `/orders/removeItem/${order}/${item}`);
  }, `for 2 of ${item}, which order had lost, and then asked for 1 of ${item}, 1 of ${other}`);
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

test('a charge that payment has forgotten, and that order has not heard of, fails by itself, and its units are named', async () => {
  const order = await api.order(user, { [item]: 2 });
  const saga = await undo('payment', () => buy(order));
  await shop.rows(
    'order',
    `UPDATE sagas SET state = 'PENDING', settled_at = NULL, deadline_at = now() WHERE id = $1`,
    [saga],
  );
  await until(async () => (await api.get(`/orders/find/${order}`)).body.state === 'FAILED');
  expect((await api.get(`/orders/find/${order}`)).body).toMatchObject({
    reason: 'cancelled',
    status: 'OPEN',
  });
  await until(async () => (await findings()).length === 1);
  expect(await findings()).toMatchObject([
    {
      invariant: 'I3',
      saga_id: saga,
      order_id: order,
      user_id: user,
      detail: expect.stringContaining(`nobody is charged for it; stock has sold 2 of ${item}`),
    },
  ]);
  expect(await buy(order)).not.toBe(saga);
  expect([await api.credit(user), await api.stock(item)]).toEqual([98, 96]);
});

describe('a checkout that failed, and whose message a backup of the other service still has', () => {
  /** An order of two units of an item, and what its first saga is for. */
  async function prepare(wanted: string) {
    const order = await api.order(user, { [wanted]: 2 });
    const find = 'SELECT first_saga_id AS saga_id FROM orders WHERE id = $1';
    const [row] = await shop.rows<{ saga_id: string }>('order', find, [order]);
    const lines = [{ item_id: wanted, quantity: 2 }];
    return { order_id: order, saga_id: row?.saga_id as string, user_id: user, amount: 2, lines };
  }

  /** The buyer, who was told 409, tries again after the restore. */
  async function tryAgain({ saga_id, order_id }: { saga_id: string; order_id: string }) {
    const captured = `SELECT saga_id FROM charges WHERE state = 'CAPTURED'`;
    await until(async () => (await shop.rows('payment', captured)).length > 0);
    expect(await api.checkout(order_id)).toMatchObject({ status: 409, body: { reason: 'cancelled' } });
    expect(await shop.rows('payment', captured)).toEqual([{ saga_id }]);
    expect(await api.credit(user)).toBe(98);
    await until(async () => (await findings()).some(({ detail }) => detail.includes('dead letters')));
    expect(await findings()).toContainEqual(
      expect.objectContaining({ invariant: 'I3', saga_id, order_id, user_id: user }),
    );
  }

  test('is charged once at most, and named, when payment handles it anew', async () => {
    const { lines, ...bought } = await prepare(item);
    const data = { ...bought, lines_crc32: linesCrc32(lines) };
    const reserved: SagaEvent = { type: 'stock.reserved', traceparent: TRACEPARENT, data };
    await undo('payment', async () => {
      await api.must(`/payment/pay/${user}/99`);
      const failed = { status: 409, body: { reason: 'insufficient_credit', saga_id: bought.saga_id } };
      expect(await api.checkout(bought.order_id)).toMatchObject(failed);
    }, [{ queue: 'payment.charge', event: reserved }]);
    await tryAgain(bought);
  });

  test('is charged once at most, and named, when stock handles it anew', async () => {
    const bought = await prepare(item);
    const event: SagaEvent = { type: 'order.checkout_requested', traceparent: TRACEPARENT, data: bought };
    await undo('stock', async () => {
      await api.must(`/stock/subtract/${item}/99`);
      const failed = { status: 409, body: { reason: 'out_of_stock', saga_id: bought.saga_id } };
      expect(await api.checkout(bought.order_id)).toMatchObject(failed);
    }, [{ queue: 'stock.reserve', event }]);
    await tryAgain(bought);
  });

  test('is paid by its next attempt when the deferred events of the backup are deleted, as they must be', async () => {
    const { order_id, saga_id } = await prepare(item);
    await undo('payment', async () => {
      await api.must(`/payment/pay/${user}/99`);
      expect((await api.checkout(order_id)).status).toBe(409);
    });
    expect(await buy(order_id)).not.toBe(saga_id);
    expect(await api.credit(user)).toBe(98);
    // What is left is that payment no longer knows why the first attempt failed.
    await until(async () => (await findings()).length === 1);
    expect(await findings()).toMatchObject([
      { invariant: 'I3', saga_id, detail: expect.stringContaining('nobody is charged for it') },
    ]);
  });
});
