import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type CheckoutName, checkoutNames, perCheckoutService } from '../../shared/services';
import type { ApiClient } from '../support/api-client';
import { askAgain, checkOutAll, fill, findWrongAnswers, placeOrders } from '../support/load';
import { ShopProcesses } from '../support/shop';

let shop: ShopProcesses;
let api: ApiClient;
beforeEach(async () => {
  shop = await ShopProcesses.open({ env: { order: { CANCEL_AFTER_MS: '3000' } } });
  api = shop.client();
});
afterEach(async () => {
  await shop.balances();
  await api.close();
  await shop.close();
});

const KILLS = 5;
const ORDERS = 800;

test.each<CheckoutName>(checkoutNames)(
  'after kill -9 and restart of %s at any time, every saga ends, every answer is true, and the books balance',
  async (service) => {
    const market = await fill(api);
    const orders = await placeOrders(market, ORDERS);
    const replica = shop.one(service);

    const selling = checkOutAll(api, orders);
    for (let i = 0; i < KILLS; i++) {
      await sleep(50 + Math.random() * 300);
      await shop.end(replica, 'SIGKILL');
      shop.start(replica);
      await shop.ready([replica]);
    }
    const answers = await askAgain(api, await selling);

    expect(answers).toHaveLength(ORDERS);
    expect(await findWrongAnswers(api, answers)).toEqual([]);
  },
);

test('no checkout fails when the replicas of every service get SIGTERM one after the other', async () => {
  await shop.close();
  shop = await ShopProcesses.open({
    replicas: perCheckoutService(() => 2),
    env: { all: { DRAIN_DELAY_MS: '300' } },
  });
  api = shop.client();
  const market = await fill(api);
  const orders = await placeOrders(market, ORDERS);
  const first = shop.one('order');

  // Buyers use the first replica of order, so the replica that is stopped is not the one that they use.
  const direct = shop.client({ order: [first.url] });
  const selling = checkOutAll(direct, orders);
  for (const service of [...checkoutNames.filter((name) => name !== 'order'), 'order' as const]) {
    for (const replica of shop.of(service).slice(service === 'order' ? 1 : 0)) {
      await shop.end(replica, 'SIGTERM');
      shop.start(replica);
      await shop.ready([replica]);
    }
  }
  const answers = await selling;
  await direct.close();

  expect(answers.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
  expect(await findWrongAnswers(api, answers)).toEqual([]);
});

test('after SIGTERM a process answers its waiting checkouts before it ends', async () => {
  const [user, item] = [await api.user(10), await api.item(1, 10)];
  const orders = await Promise.all(Array.from({ length: 10 }, () => api.order(user, { [item]: 1 })));
  const [payment, order] = [shop.one('payment'), shop.one('order')];

  await shop.end(payment, 'SIGKILL');
  const answers = Promise.all(orders.map((id) => api.checkout(id)));
  await sleep(300);
  const ended = shop.end(order, 'SIGTERM');
  shop.start(payment);

  expect((await answers).map(({ status }) => status)).toEqual(Array(10).fill(200));
  await ended;
  shop.start(order);
  await shop.ready();
});
