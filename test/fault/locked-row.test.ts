import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { ServiceName } from '../../shared/services';
import type { ApiAnswer, ApiClient } from '../support/api-client';
import { ShopProcesses } from '../support/shop';

/** Somebody outside the shop, for instance with psql, has locked a row and does not let go of it. */
let shop: ShopProcesses;
let api: ApiClient;
let stranger: Client;

beforeAll(async () => {
  shop = await ShopProcesses.open();
  api = shop.client();
});
beforeEach(async () => {
  stranger = new Client();
});
afterEach(async () => {
  await stranger.end();
});
afterAll(async () => {
  await shop.balances();
  await api.close();
  await shop.close();
});

async function lock(service: ServiceName, table: string, id: string): Promise<void> {
  stranger = new Client({ connectionString: shop.databases[service] });
  await stranger.connect();
  await stranger.query('BEGIN');
  await stranger.query(`SELECT FROM ${table} WHERE id = $1 FOR UPDATE`, [id]);
}

/** Keeps 40 requests for the locked row in flight until `work` has ended, and returns their answers. */
async function pressing<T>(path: string, work: () => Promise<T>): Promise<[T, ApiAnswer[]]> {
  let pressing = true;
  const answers: ApiAnswer[] = [];
  const client = async () => {
    while (pressing) {
      answers.push(await api.post(path));
    }
  };
  const clients = Array.from({ length: 40 }, client);
  await sleep(300);
  const result = await work();
  pressing = false;
  await Promise.all(clients);
  return [result, answers];
}

const repeat = async (times: number, call: () => Promise<ApiAnswer>) => {
  const statuses = new Set<number>();
  for (let i = 0; i < times; i++) {
    statuses.add((await call()).status);
    await sleep(20);
  }
  return [...statuses];
};

function expectOnlyBusy(answers: ApiAnswer[]): void {
  expect(answers.length).toBeGreaterThan(0);
  for (const answer of answers) {
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' }, body: { reason: 'busy' } });
    expect(answer.body.detail).not.toContain('database');
  }
}

test('a locked item holds up additions to it, and nothing else', async () => {
  const [user, locked, other] = await Promise.all([api.user(100), api.item(1, 10), api.item(1, 10)]);
  const order = await api.order(user, {});
  await lock('stock', 'items', locked);

  const [others, answers] = await pressing(`/stock/add/${locked}/1`, () =>
    Promise.all([
      repeat(50, () => api.get(`/stock/find/${other}`)),
      repeat(50, () => api.get(`/stock/find/${locked}`)),
      repeat(50, () => api.post(`/stock/add/${other}/1`)),
      repeat(50, async () => api.post(`/orders/addItem/${order}/${await api.item(1, 0)}/1`)),
      repeat(50, () => api.post(`/orders/addItem/${order}/${locked}/1`)),
    ]),
  );
  expect(others).toEqual(others.map(() => [200]));
  expectOnlyBusy(answers);

  await stranger.query('ROLLBACK');
  expect(await api.post(`/stock/add/${locked}/1`)).toMatchObject({ status: 200, body: { stock: 11 } });
});

test('a locked user holds up changes of this user, and nothing else', async () => {
  const [locked, other] = await Promise.all([api.user(100), api.user(100)]);
  await lock('payment', 'users', locked);
  const [others, answers] = await pressing(`/payment/add_funds/${locked}/1`, () =>
    Promise.all([
      repeat(50, () => api.get(`/payment/find_user/${locked}`)),
      repeat(50, () => api.post(`/payment/pay/${other}/1`)),
      repeat(50, () => api.post('/payment/create_user')),
    ]),
  );
  expect(others).toEqual(others.map(() => [200]));
  expectOnlyBusy(answers);
});

test('a locked order holds up changes of this order, and nothing else', async () => {
  const [user, item] = await Promise.all([api.user(100), api.item(1, 10)]);
  const [locked, other] = await Promise.all([api.order(user, {}), api.order(user, {})]);
  await lock('order', 'orders', locked);
  const [others, answers] = await pressing(`/orders/addItem/${locked}/${item}/1`, () =>
    Promise.all([
      repeat(50, () => api.get(`/orders/find/${locked}`)),
      repeat(50, () => api.post(`/orders/addItem/${other}/${item}/1`)),
      repeat(50, () => api.post(`/orders/create/${user}`)),
    ]),
  );
  expect(others).toEqual(others.map(() => [200]));
  expectOnlyBusy(answers);
});

test.each<[ServiceName, () => Promise<unknown>]>([
  ['order', async () => api.get(`/orders/find/${await api.order(await api.user(1), {})}`)],
  ['payment', async () => api.get(`/payment/find_user/${await api.user(1)}`)],
  ['stock', async () => api.get(`/stock/find/${await api.item(1, 1)}`)],
])('whoever looks for the sessions of %s finds them by their names', async (service, use) => {
  await use();
  const names = `SELECT DISTINCT application_name AS name FROM pg_stat_activity WHERE datname = current_database()
                 AND pid <> pg_backend_pid() AND usename = current_user AND backend_type = 'client backend' ORDER BY 1`;
  expect((await shop.rows<{ name: string }>(service, names)).map(({ name }) => name)).toEqual(
    ['http', 'reads', 'saga'].map((purpose) => `chandlery ${service} ${purpose}`),
  );
});

test('batch_init waits longer than other requests for a locked row', async () => {
  const locked = await api.item(1, 10);
  await lock('stock', 'items', locked);
  const loading = api.post('/stock/batch_init/10/1/1');
  await sleep(3_000);
  await stranger.query('ROLLBACK');
  expect((await loading).status).toBe(200);
});
