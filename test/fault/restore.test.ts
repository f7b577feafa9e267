import { countMessages } from '../../shared/rabbit/queues';
import type { ServiceName } from '../../shared/services';
import type { ApiClient } from '../support/api-client';
import { auditOf } from '../support/audit';
import { backUpDatabase, restoreDatabase } from '../support/servers';
import { ShopProcesses } from '../support/shop';
import { until } from '../support/until';

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

test.each([
  ['another amount', () => [`${item}/1`], 'costs 3 and was charged 2'],
  ['other lines at the same price', () => [`${other}/1`, `${item}/-1`], 'for other lines'],
])(
  'an order that has forgotten its charge and is checked out with %s is not charged again, nor called paid',
  async (_, changes, error) => {
    const order = await api.order(user, { [item]: 2 });
    const saga = await undo('order', () => buy(order));
    for (const change of changes()) {
      const [id, quantity] = change.split('/');
      const path =
        Number(quantity) > 0 ? `addItem/${order}/${id}/${quantity}` : `removeItem/${order}/${id}/1`;
      await api.request(Number(quantity) > 0 ? 'POST' : 'DELETE', `/orders/${path}`);
    }
    expect((await api.checkout(order)).status).toBe(202);
    await until(async () => ((await countMessages(shop.amqp, ['order.settle.dead']))[0]?.messages ?? 0) > 0);
    expect(await api.credit(user)).toBe(98);
    expect((await api.get(`/orders/find/${order}`)).body).toMatchObject({
      paid: false,
      status: 'CHECKING_OUT',
      saga_id: saga,
    });
    const found = await findings();
    expect(found.map(({ invariant }) => invariant)).toEqual(expect.arrayContaining(['I3', 'I6']));
    expect(found.filter(({ saga_id }) => saga_id !== undefined)).toEqual(
      expect.arrayContaining([expect.objectContaining({ saga_id: saga, order_id: order })]),
    );
    void error;
  },
);

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
