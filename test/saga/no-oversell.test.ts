import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ApiClient } from '../support/api-client';
import { ShopProcesses } from '../support/shop';

const USERS = 1_000;
const ORDERS = 1_000;
const STOCK = 100;
const PRICE = 1;

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

const many = (n: number) => Array.from({ length: n }, (_, i) => i);

/** Calls `work` for each item, a hundred at a time, because filling a shop is not under test. */
async function inChunks<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += 100) {
    results.push(...(await Promise.all(items.slice(i, i + 100).map(work))));
  }
  return results;
}

/** Ten runs in a row in the same shop, as other test harnesses do it. */
test.each(many(10))(
  'run %#: of 1,000 orders for 100 units, exactly 100 are sold and paid, and all answers and balances agree',
  async () => {
    const item = await api.item(PRICE, STOCK);
    const users = await inChunks(many(USERS), () => api.user(PRICE));
    const buyers = many(ORDERS).map(() => users[Math.floor(Math.random() * USERS)] as string);
    const orders = await inChunks(buyers, (user) => api.order(user, { [item]: 1 }));

    const answers = await Promise.all(orders.map((order) => api.checkout(order)));
    const stock = await api.stock(item);
    const credits = await inChunks(users, (user) => api.credit(user));
    const found = await inChunks(
      orders,
      async (order) => (await api.get(`/orders/find/${order}`)).body.paid as boolean,
    );

    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200, 409]));
    expect(stock).toBe(0);
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(STOCK);
    expect(credits.reduce((sum, credit) => sum + credit, 0)).toBe(USERS * PRICE - STOCK * PRICE);
    expect(found).toEqual(answers.map((answer) => answer.status === 200));
  },
);
