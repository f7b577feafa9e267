import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { perCheckoutService } from '../../shared/services';
import type { ApiClient } from '../support/api-client';
import { ShopProcesses } from '../support/shop';

let shop: ShopProcesses;
let api: ApiClient;
beforeAll(async () => {
  shop = await ShopProcesses.open({ replicas: perCheckoutService(() => 2) });
  api = shop.client();
});
afterAll(async () => {
  await shop.balances();
  await api.close();
  await shop.close();
});

const many = (n: number) => Array.from({ length: n }, (_, i) => i);

test('fifty concurrent checkouts of one order on two replicas charge once and are all answered 200', async () => {
  const [user, item] = [await api.user(100), await api.item(10, 100)];
  const order = await api.order(user, { [item]: 1 });

  const answers = await Promise.all(many(50).map(() => api.checkout(order)));

  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
  expect(new Set(answers.map((answer) => answer.body.saga_id)).size).toBe(1);
  expect([await api.credit(user), await api.stock(item)]).toEqual([90, 99]);
});

test('fifty concurrent checkouts of an order that cannot be paid all get the reason, and nothing is taken', async () => {
  const [user, item] = [await api.user(1), await api.item(10, 100)];
  const order = await api.order(user, { [item]: 1 });
  const answers = await Promise.all(many(50).map(() => api.checkout(order)));
  expect(
    answers.every((answer) => answer.status === 409 && answer.body.reason === 'insufficient_credit'),
  ).toBe(true);
  expect([await api.credit(user), await api.stock(item)]).toEqual([1, 100]);
});

test('an item added during the checkout is either refused or paid for', async () => {
  const user = await api.user(1_000);
  const [item, extra] = [await api.item(10, 1_000), await api.item(1, 1_000)];
  const orders = await Promise.all(many(40).map(() => api.order(user, { [item]: 1 })));

  const results = await Promise.all(
    orders.map(async (order) => {
      const [checkout, added] = await Promise.all([
        api.checkout(order),
        api.post(`/orders/addItem/${order}/${extra}/1`),
      ]);
      return { order, checkout: checkout.status, added: added.status };
    }),
  );

  let paid = 0;
  for (const { order, checkout, added } of results) {
    expect(checkout).toBe(200);
    expect([200, 409]).toContain(added);
    const { body } = await api.get(`/orders/find/${order}`);
    expect(body.items).toHaveLength(added === 200 ? 2 : 1);
    paid += body.total_cost;
  }
  expect(await api.credit(user)).toBe(1_000 - paid);
});

test('orders of a user with too little credit are charged for exactly what they get', async () => {
  const user = await api.user(50);
  const item = await api.item(10, 100);
  const orders = await Promise.all(many(20).map(() => api.order(user, { [item]: 1 })));
  const answers = await Promise.all(orders.map((order) => api.checkout(order)));
  expect(answers.filter((answer) => answer.status === 200)).toHaveLength(5);
  expect(answers.filter((answer) => answer.body.reason === 'insufficient_credit')).toHaveLength(15);
  expect([await api.credit(user), await api.stock(item)]).toEqual([0, 95]);
});

test('concurrent orders of two scarce items all end, and every unit is sold', async () => {
  const user = await api.user(1_000);
  const [a, b] = [await api.item(1, 20), await api.item(1, 20)];
  const orders = await Promise.all(
    many(60).map((i) => api.order(user, i % 3 === 0 ? { [a]: 1, [b]: 1 } : { [i % 3 === 1 ? a : b]: 1 })),
  );
  const answers = await Promise.all(orders.map((order) => api.checkout(order)));
  expect(answers.every((answer) => answer.status === 200 || answer.body.reason === 'out_of_stock')).toBe(
    true,
  );
  expect([await api.stock(a), await api.stock(b)]).toEqual([0, 0]);
});
