import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CheckoutName, checkoutNames } from '../../shared/services';
import { Link, withPort } from '../../tools/chaos/rig/link';
import { freePorts } from '../../tools/support/free-ports';
import type { ApiAnswer, ApiClient } from '../support/api-client';
import { createDatabases } from '../support/servers';
import { ShopProcesses } from '../support/shop';
import { until } from '../support/until';

/** A database goes away and comes back, as in a failover: connections are lost, and no new one can be made meanwhile. */

const AWAY_MS = 4_000;
const BUYERS = 20;
const PATIENCE_MS = 4_000;
let shop: ShopProcesses;
let api: ApiClient;
let links: Record<CheckoutName, { link: Link; port: number }>;

async function open(env: Record<string, string> = {}): Promise<void> {
  const databases = await createDatabases();
  const ports = await freePorts(checkoutNames.length);
  const entries = checkoutNames.map((service, i) => {
    const server = Number(new URL(databases[service]).port);
    return [service, { link: new Link(service, () => [server]), port: ports[i] as number }] as const;
  });
  links = Object.fromEntries(entries) as typeof links;
  await Promise.all(entries.map(([, { link, port }]) => link.open(port)));
  const behindLinks: typeof databases = {
    ...databases,
    ...Object.fromEntries(
      entries.map(([service, { port }]) => [service, withPort(databases[service], port)]),
    ),
  };
  // On a busy machine, a checkout must not be cancelled for its age, or be answered 202.
  const order = { CANCEL_AFTER_MS: '120000', ANSWER_WITHIN_MS: '29000' };
  shop = await ShopProcesses.open({ databases: behindLinks, env: { all: env, order } });
  api = shop.client();
}

afterEach(async () => {
  await shop.balances();
  await api.close();
  await shop.close();
  for (const { link } of Object.values(links)) {
    link.close();
  }
});

/** Has buyers buy until `isOver`, each with a key for every request. @returns every answer */
async function buyUntil(isOver: () => boolean): Promise<ApiAnswer[]> {
  const answers: ApiAnswer[] = [];
  const [user, item] = await Promise.all([api.user(1_000_000), api.item(1, 1_000_000)]);
  const post = async (path: string) => {
    const answer = await api.post(path, { 'idempotency-key': randomUUID() });
    answers.push(answer);
    return answer.body;
  };
  const get = async (path: string) => answers.push(await api.get(path));
  await Promise.all(
    Array.from({ length: BUYERS }, async () => {
      while (!isOver()) {
        await get(`/stock/find/${item}`);
        await get(`/payment/find_user/${user}`);
        await post(`/stock/add/${item}/1`);
        const { order_id } = await post(`/orders/create/${user}`);
        await post(`/orders/addItem/${order_id}/${item}/1`);
        await post(`/orders/checkout/${order_id}`);
        await get(`/orders/find/${order_id}`);
      }
    }),
  );
  return answers;
}

test.each(checkoutNames)(
  'while the database of %s fails over, every request waits for it and is answered',
  async (service) => {
    await open();
    const { link, port } = links[service];
    let over = false;
    const bought = buyUntil(() => over);
    await sleep(1_000);
    link.close();
    await sleep(AWAY_MS);
    await link.open(port);
    await sleep(3_000);
    over = true;
    const answers = await bought;
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(answers.length).toBeGreaterThan(BUYERS * 7);
  },
);

test('once a database has been away for long, requests are answered 503 at once, until it is back', async () => {
  await open({ DATABASE_PATIENCE_MS: String(PATIENCE_MS) });
  const { link, port } = links.payment;
  const ready = async () => (await fetch(`${shop.one('payment').internalUrl}/readyz`)).status;
  const user = await api.user(10);
  expect(await ready()).toBe(200);
  link.close();
  expect(await ready()).toBe(200);
  const find = () => api.get(`/payment/find_user/${user}`);
  const refused = { status: 503, body: { reason: 'unavailable' } };
  expect(await find()).toMatchObject(refused);
  // It does not wait once more.
  const began = performance.now();
  expect(await find()).toMatchObject(refused);
  expect(performance.now() - began).toBeLessThan(PATIENCE_MS);
  await until(async () => (await ready()) === 503);
  await link.open(port);
  await until(async () => (await find()).status === 200 && (await ready()) === 200);
});
