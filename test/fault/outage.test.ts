import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { checkoutNames } from '../../shared/services';
import type { ApiClient } from '../support/api-client';
import { askAgain, checkOutAll, fill, findWrongAnswers, placeOrders } from '../support/load';
import { closeConnections, terminateSessions } from '../support/servers';
import { ShopProcesses } from '../support/shop';
import { until } from '../support/until';

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

const ORDERS = 1_500;

/** Checks out orders while `fault` is injected repeatedly. Then every buyer has a final answer, and it is true. */
async function checkOutDuring(fault: () => Promise<unknown>): Promise<void> {
  const orders = await placeOrders(await fill(api), ORDERS);
  let selling = true;
  const sold = checkOutAll(api, orders).finally(() => {
    selling = false;
  });
  for (let injected = 0; selling && injected < 5; injected++) {
    await sleep(200);
    await fault();
  }
  const answers = await askAgain(api, await sold);
  expect(answers).toHaveLength(ORDERS);
  expect(await findWrongAnswers(api, answers)).toEqual([]);
  for (const replica of shop.replicas) {
    expect(replica.process.exitCode).toBeNull();
  }
}

test('every checkout ends and no process does while all broker connections are cut repeatedly', () =>
  // The services may not have reconnected yet since the last time.
  checkOutDuring(() => until(async () => (await closeConnections(shop.amqp)) > 0)));

test('every checkout ends and no process does while PostgreSQL terminates all connections, even in COMMIT', () =>
  checkOutDuring(() =>
    Promise.all(checkoutNames.map((service) => terminateSessions(shop.databases[service]))),
  ));

test('while payment is down a checkout is answered 202 and not as failed, and its outcome is known afterwards', async () => {
  await api.close();
  await shop.close();
  shop = await ShopProcesses.open({ env: { order: { CANCEL_AFTER_MS: '500', ANSWER_WITHIN_MS: '1500' } } });
  api = shop.client();
  const [user, item] = [await api.user(10), await api.item(1, 10)];
  const order = await api.order(user, { [item]: 1 });
  const payment = shop.one('payment');
  await shop.end(payment, 'SIGKILL');

  const answer = await api.checkout(order);
  expect(answer.status).toBe(202);
  expect(answer.headers.location).toBe(`/orders/find/${order}`);
  expect((await api.get(`/orders/find/${order}`)).body).toMatchObject({
    status: 'CHECKING_OUT',
    state: 'PENDING',
  });

  shop.start(payment);
  await shop.ready();
  await shop.balances();
  const { body } = await api.get(`/orders/find/${order}`);
  const paid = body.state === 'PAID';
  expect(body).toMatchObject(paid ? { paid: true } : { paid: false, reason: 'cancelled' });
  expect([await api.credit(user), await api.stock(item)]).toEqual(paid ? [9, 9] : [10, 10]);
});
