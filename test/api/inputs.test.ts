import fc from 'fast-check';
import { checkout } from '../../order/src/checkout/route';
import { MAX_AMOUNT } from '../../shared/http/inputs';
import type { Route } from '../../shared/http/route';
import { expectLedgersToBalance, query } from '../support/books';
import { type Edge, openEdge, openServiceEdge, type ServiceEdge } from '../support/http-edge';

/**
 * Tests every rule about path parameters on every parameter of every route of all services, against servers that really
 * listen.
 */
let services: ServiceEdge[];
let edge: Edge;
let routes: Route[];

beforeAll(async () => {
  services = [
    await openServiceEdge('order'),
    await openServiceEdge('payment'),
    await openServiceEdge('stock'),
  ];
  // Bad parameters are refused before the saga is used, so checkout needs none here.
  routes = [...services.flatMap((service) => service.routes), checkout({} as never)];
  edge = await openEdge(routes);
  await query(databaseOf(1), `INSERT INTO users (id) VALUES ('good')`);
  await query(databaseOf(2), `INSERT INTO items (id, price) VALUES ('good', 1)`);
  await query(databaseOf(0), `INSERT INTO orders (id, user_id) VALUES ('good', 'good')`);
});

afterAll(async () => {
  await expectLedgersToBalance({ payment: databaseOf(1), stock: databaseOf(2) });
  await edge.close();
  await Promise.all(services.map((service) => service.close()));
});

function databaseOf(service: number): string {
  return (services[service] as ServiceEdge).databaseUrl;
}

/** Reads everything that a route can change. */
function readTables(): Promise<unknown> {
  const tables = ['orders, order_lines', 'users, credit_ledger, order_payments', 'items, stock_ledger'];
  return Promise.all(
    tables.flatMap((names, service) =>
      [...names.split(', '), 'idempotency_keys'].map((name) =>
        query(databaseOf(service), `SELECT * FROM ${name}`),
      ),
    ),
  );
}

const ID_PLACEHOLDER = /_id}$/;

/** Returns every parameter of every route. Its `path` replaces it by `text` and gives the others good values. */
function listParameters() {
  return routes.flatMap((route) =>
    [...route.path.matchAll(/\{(\w+)\}/g)].map(([placeholder, name]) => ({
      method: route.method,
      name: name as string,
      isId: ID_PLACEHOLDER.test(placeholder),
      mayBeZero: /price|starting/.test(placeholder),
      path: (text: string) =>
        route.path
          .replace(placeholder, () => text)
          .replaceAll(/\{\w+\}/g, (other) => (ID_PLACEHOLDER.test(other) ? 'good' : '1')),
    })),
  );
}

async function expectRefusal(method: string, path: string, name: string): Promise<void> {
  const answer = await edge.call(method, path);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer).toMatchObject({ status: 400, body: { status: 400, reason: 'invalid_parameter' } });
  expect(answer.body.detail).toContain(`"${name}"`);
}

test.each([
  '0x10',
  '1e3',
  '+5',
  '-5',
  '1.5',
  '%205',
  '5%20',
  '',
  '007',
  '00',
  '2147483648',
  '9999999999',
  '99999999999999999999',
  '%D9%A5',
  '%EF%BC%95',
  '1%00',
  '%00',
  '%0A5',
  '5%0A',
  '1_000',
  '1,0',
  'NaN',
  'Infinity',
  'null',
  'one',
  '%31%FF',
  '%',
  '%2',
])('every route refuses the amount "%s" and changes nothing', async (text) => {
  const before = await readTables();
  for (const { method, name, isId, path } of listParameters()) {
    if (!isId) {
      await expectRefusal(method, path(text), name);
    }
  }
  expect(await readTables()).toEqual(before);
});

test.each([
  '',
  '%00',
  'a%00b',
  'a%20b',
  '%20',
  'a%2Fb',
  '..%2F..',
  'a.b',
  '%2E%2E',
  'caf%C3%A9',
  '%F0%9F%92%A9',
  '%ff',
  '%',
  '%zz',
  "a'b",
  '%22',
  ';',
  'a%0D%0Ab',
  'x'.repeat(65),
  '*',
  '%25',
  '~',
])('every route refuses the id "%s" and changes nothing', async (text) => {
  const before = await readTables();
  for (const { method, name, isId, path } of listParameters()) {
    if (isId) {
      await expectRefusal(method, path(text), name);
    }
  }
  expect(await readTables()).toEqual(before);
});

test('every route refuses whatever is not an amount, and changes nothing', async () => {
  const before = await readTables();
  const amounts = listParameters().filter((parameter) => !parameter.isId);
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.double().map(String),
    fc.integer({ min: MAX_AMOUNT + 1, max: Number.MAX_SAFE_INTEGER }).map(String),
    fc.integer({ max: -1 }).map(String),
    fc.integer({ min: 1, max: MAX_AMOUNT }).map((n) => `0${n}`),
  );
  const bad = texts.filter((text) => !/^(?:0|[1-9][0-9]*)$/.test(text) || Number(text) > MAX_AMOUNT);
  await fc.assert(
    fc.asyncProperty(bad, fc.constantFrom(...amounts), async (text, { method, name, path }) => {
      await expectRefusal(method, path(encode(text)), name);
    }),
    { numRuns: 500 },
  );
  expect(await readTables()).toEqual(before);
});

test('every route refuses whatever is not an id, and changes nothing', async () => {
  const before = await readTables();
  const ids = listParameters().filter((parameter) => parameter.isId);
  const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.string({ minLength: 65 }));
  const bad = texts.filter((text) => !/^[A-Za-z0-9_-]{1,64}$/.test(text));
  await fc.assert(
    fc.asyncProperty(bad, fc.constantFrom(...ids), async (text, { method, name, path }) => {
      await expectRefusal(method, path(encode(text)), name);
    }),
    { numRuns: 500 },
  );
  expect(await readTables()).toEqual(before);
});

test.each<Record<string, string>>([
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  { origin: 'https://elsewhere.example' },
  { origin: 'null' },
])('a page of another site, which a browser marks %j, changes nothing here', async (headers) => {
  const before = await readTables();
  for (const { method, path } of routes.filter((route) => route.method !== 'GET')) {
    const good = path.replaceAll(/\{\w+\}/g, (name) => (ID_PLACEHOLDER.test(name) ? 'good' : '1'));
    const { status, body } = await edge.call(method, good, headers);
    expect([good, status, body.reason]).toEqual([good, 403, 'cross_site']);
  }
  expect(await readTables()).toEqual(before);
});

test('a page of the shop itself may do what everybody may', async () => {
  const { host } = new URL(edge.origin);
  for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { origin: `http://${host}` }]) {
    expect((await edge.call('POST', '/stock/add/good/1', headers as never)).status).toBe(200);
  }
});

test('only prices and starting balances may be 0', async () => {
  for (const { method, name, isId, mayBeZero, path } of listParameters()) {
    if (!isId && !mayBeZero) {
      await expectRefusal(method, path('0'), name);
    }
  }
});

test('a route gets every amount from 1 to 2^31 - 1 and every id as it is written', async () => {
  const seen: unknown[] = [];
  const recorder = await openEdge(
    routes.map((route) => ({
      ...route,
      async handle({ params }) {
        seen.push(params);
        return { status: 200, body: {} };
      },
    })),
  );
  const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
  await fc.assert(
    fc.asyncProperty(id, fc.integer({ min: 1, max: MAX_AMOUNT }), async (item_id, amount) => {
      await recorder.post(`/stock/add/${item_id}/${amount}`);
      expect(seen.pop()).toEqual({ item_id, amount });
    }),
    { numRuns: 200 },
  );
  await recorder.post(`/stock/add/a/${MAX_AMOUNT}`);
  expect(seen.pop()).toEqual({ item_id: 'a', amount: MAX_AMOUNT });
  await recorder.close();
});

/** Some clients treat "." and ".." as relative paths, so dots are encoded. The server never does. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll('.', '%2E');
}
