import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { CheckoutName } from '../../shared/services';
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

async function lock(service: CheckoutName, table: string, ...ids: string[]): Promise<void> {
  stranger = new Client({ connectionString: shop.databases[service] });
  await stranger.connect();
  await stranger.query('BEGIN');
  await stranger.query(`SELECT FROM ${table} WHERE id = ANY ($1) FOR UPDATE`, [ids]);
}

/** Keeps requests for locked rows in flight until `work` has ended, and returns their answers. */
async function pressing<T>(
  paths: readonly string[],
  work: () => Promise<T>,
  post = (path: string) => api.post(path),
): Promise<[T, ApiAnswer[]]> {
  let pressing = true;
  const answers: ApiAnswer[] = [];
  const client = async (path: string) => {
    while (pressing) {
      answers.push(await post(path));
    }
  };
  const clients = paths.map(client);
  await sleep(300);
  const result = await work();
  pressing = false;
  await Promise.all(clients);
  return [result, answers];
}

const fortyTimes = (path: string) => Array<string>(40).fill(path);

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

  const [others, answers] = await pressing(fortyTimes(`/stock/add/${locked}/1`), () =>
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
  const [others, answers] = await pressing(fortyTimes(`/payment/add_funds/${locked}/1`), () =>
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
  const [others, answers] = await pressing(fortyTimes(`/orders/addItem/${locked}/${item}/1`), () =>
    Promise.all([
      repeat(50, () => api.get(`/orders/find/${locked}`)),
      repeat(50, () => api.post(`/orders/addItem/${other}/${item}/1`)),
      repeat(50, () => api.post(`/orders/create/${user}`)),
    ]),
  );
  expect(others).toEqual(others.map(() => [200]));
  expectOnlyBusy(answers);
});

test.each<[CheckoutName, () => Promise<unknown>]>([
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

test('ten locked items, each wanted by 60 clients, hold up additions to them, and nothing else', async () => {
  const items = Array.from({ length: 10 }, () => api.item(1, 10));
  const [other, ...locked] = await Promise.all([api.item(1, 10), ...items]);
  await lock('stock', 'items', ...locked);
  const patiently = async (path: string) => {
    const answer = await api.post(path);
    await sleep(Number(answer.headers['retry-after'] ?? 0) * 1_000);
    return answer;
  };
  const paths = locked.flatMap((item) => Array<string>(60).fill(`/stock/add/${item}/1`));
  const [others, answers] = await pressing(
    paths,
    () =>
      Promise.all([
        repeat(100, () => api.get(`/stock/find/${other}`)),
        repeat(100, () => api.post(`/stock/add/${other}/1`)),
        repeat(100, () => api.post('/stock/item/create/1')),
      ]),
    patiently,
  );
  expect(others).toEqual(others.map(() => [200]));
  expectOnlyBusy(answers);

  await stranger.query('ROLLBACK');
  await Promise.all(locked.map((item) => api.post(`/stock/add/${item}/1`)));
  const stocks = locked.map(async (item) => (await api.get(`/stock/find/${item}`)).body.stock);
  expect(await Promise.all(stocks)).toEqual(locked.map(() => 11));
});

test('batch_init waits longer than other requests for a locked row', async () => {
  const locked = await api.item(1, 10);
  await lock('stock', 'items', locked);
  const loading = api.post('/stock/batch_init/10/1/1');
  await sleep(3_000);
  await stranger.query('ROLLBACK');
  expect((await loading).status).toBe(200);
});
