import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { participantSettings } from '../../shared/service/config';
import { checkOutAll } from '../support/load';
import { ShopProcesses } from '../support/shop';

/** What it is unless somebody sets it: the most messages of a queue that one replica holds. */
const { PREFETCH } = participantSettings('stock').parse({
  DATABASE_URL: 'postgres://h/d',
  AMQP_URL: 'amqp://h',
});
/** Far more than one replica may hold, so that the others show that the shop goes on. */
const BUYERS = 64;
const ORDERS = 400;

test('of two replicas of stock one freezes: only the checkouts in the messages that it holds are late, and all end', async () => {
  expect(PREFETCH).toBeLessThan(BUYERS / 4);
  // One event in a message, so that messages can be counted as checkouts.
  const single = { BATCH_SIZE: '1', BATCHES_IN_FLIGHT: '8' };
  const shop = await ShopProcesses.open({
    replicas: { stock: 2 },
    env: { order: { ...single, CANCEL_AFTER_MS: '5000' }, payment: single },
  });
  const [running, frozen] = shop.of('stock');
  if (running === undefined || frozen === undefined) {
    throw new Error('there are not two replicas of stock');
  }
  const api = shop.client({ stock: [running.url] });
  const [user, item] = [await api.user(1_000_000), await api.item(1, 1_000_000)];
  const orders: string[] = [];
  while (orders.length < ORDERS) {
    orders.push(...(await Promise.all(Array.from({ length: 20 }, () => api.order(user, { [item]: 1 })))));
  }
  const sold = (answers: { status: number | undefined }[]) => answers.filter(({ status }) => status === 200);
  expect(sold(await checkOutAll(api, orders.splice(0, 50), BUYERS))).toHaveLength(50);

  frozen.process.kill('SIGSTOP');
  try {
    const answers = await checkOutAll(api, orders, BUYERS);
    // Order asks to cancel those that stock has not reserved after five seconds.
    const late = answers.length - sold(answers).length;
    expect(late).toBeGreaterThan(0);
    expect(late).toBeLessThanOrEqual(PREFETCH);
    // The broker cuts the connections of the frozen replica, and the other one gets its messages.
    await shop.balances(60_000);
  } finally {
    frozen.process.kill('SIGCONT');
  }
  await sleep(1_000);
  expect(sold(await checkOutAll(api, [await api.order(user, { [item]: 1 })]))).toHaveLength(1);
  await shop.balances();
  await api.close();
  await shop.close();
}, 180_000);
