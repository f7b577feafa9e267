import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { perParticipant } from '../../../shared/services';
import { freePorts } from '../../../tools/support/free-ports';
import { ApiClient } from '../../support/api-client';
import { type Gateway, openGateway } from '../../support/gateway';
import { type Dataset, fill, findWrongAnswers, placeOrders, type Sale } from '../../support/load';
import { ShopProcesses } from '../../support/shop';

const BUYERS = 40;
/** Longer than the gateway takes to notice that a replica is ready again. */
const NOTICED_MS = 600;

let shop: ShopProcesses;
let gateway: Gateway;
let api: ApiClient;
beforeAll(async () => {
  const [port] = (await freePorts(1)) as [number];
  shop = await ShopProcesses.open({
    replicas: perParticipant(() => 2),
    env: { all: { DRAIN_DELAY_MS: '1000' }, order: { STOCK_URL: `http://127.0.0.1:${port}` } },
  });
  gateway = await openGateway(shop, { at: port });
  api = new ApiClient(() => [gateway.url]);
  await sleep(NOTICED_MS);
});
afterAll(async () => {
  await shop.balances();
  await api.close();
  await gateway.close();
  await shop.close();
});

/** Buys while `isRestarting` returns true. Throws when anything but the checkout itself goes wrong. */
async function buy(market: Dataset, isRestarting: () => boolean): Promise<Sale[]> {
  const sales: Sale[] = [];
  while (isRestarting()) {
    const [order = ''] = await placeOrders(market, 1);
    const { status, body } = await api.checkout(order);
    sales.push({ order, status, reason: body?.reason });
    const read = await api.get(`/orders/find/${order}`);
    expect([read.status, read.body.paid]).toEqual([200, status === 200]);
  }
  return sales;
}

test('no answer fails or is unknown during a rolling restart of every service under load', async () => {
  const market = await fill(api);
  let restarting = true;
  const buying = Promise.all(Array.from({ length: BUYERS }, () => buy(market, () => restarting)));
  for (const replica of shop.of()) {
    await shop.end(replica, 'SIGTERM');
    shop.start(replica);
    await shop.ready([replica]);
    await sleep(NOTICED_MS);
  }
  restarting = false;
  const sales = (await buying).flat();

  expect(sales.length).toBeGreaterThan(300);
  expect(sales.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
  expect(sales.filter(({ reason }) => reason === 'cancelled')).toEqual([]);
  expect(await findWrongAnswers(api, sales)).toEqual([]);
  expect(shop.replicas.map((replica) => replica.process.exitCode)).toEqual(Array(6).fill(null));
});
