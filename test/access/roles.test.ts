import type { Dispatcher } from 'undici';
import { newId } from '../../shared/new-id';
import { participantNames } from '../../shared/services';
import type { ApiClient } from '../support/api-client';
import { readTables } from '../support/books';
import { type Issuer, openIssuer } from '../support/issuer';
import { ShopProcesses } from '../support/shop';
import { until } from '../support/until';

let issuer: Issuer;
let shop: ShopProcesses;
beforeAll(async () => {
  issuer = await openIssuer();
  shop = await ShopProcesses.open({
    services: participantNames,
    env: { all: { ACCESS: 'required', AUTH_ISSUER: issuer.url } },
  });
});
afterAll(async () => {
  await shop.balances();
  await shop.close();
  await issuer.close();
});

interface Operation {
  method: Dispatcher.HttpMethod;
  path: string;
  audience: 'public' | 'buyer' | 'shopkeeper' | 'operator';
}

type Document = { paths: Record<string, Record<string, { 'x-audience': Operation['audience'] }>> };

const nameOf = ({ method, path }: Operation) => `${method} ${path}`;

/** What the routes are about. */
interface Ids {
  user_id: string;
  item_id: string;
  order_id: string;
  /** Of an order that is paid. */
  paid_id: string;
  restock_id: string;
}

/** What routes want that take more than a path. */
const QUERIES: Record<string, string> = { '/stock/items': '?ids=0,1' };
const BODIES: Record<string, object> = {
  'POST /catalog/products': { name: 'Lamp', quantity: 1, price: 1 },
  'PATCH /catalog/products/{item_id}': { description: 'It burns.' },
};

/** The API as the services describe it. */
async function readOperations(): Promise<Operation[]> {
  const documents = await Promise.all(
    shop.replicas.map(async ({ url }) => (await fetch(`${url}/openapi.json`)).json() as Promise<Document>),
  );
  return documents.flatMap(({ paths }) =>
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase() as Dispatcher.HttpMethod,
        path,
        audience: operation['x-audience'],
      })),
    ),
  );
}

async function clientOf(subject: string, roles: string[] = []): Promise<ApiClient> {
  return shop.client({}, { authorization: `Bearer ${await issuer.token(subject, { roles })}` });
}

/** Makes a user with credit who has bought a product, has an order with another one, and a payment outside of it. */
async function prepare(staff: ApiClient): Promise<Ids> {
  const product = { name: `Lamp ${newId()}`, quantity: 100, price: 1 };
  const [user_id, stocked] = await Promise.all([
    staff.user(100),
    staff.request('POST', '/catalog/products', {}, product),
  ]);
  const { item_id, restock_id } = stocked.body;
  await until(async () => (await staff.get(`/catalog/restocks/${restock_id}`)).body.state === 'DONE');
  const paid_id = await staff.order(user_id, { [item_id]: 1 });
  await staff.checkout(paid_id);
  const order_id = await staff.order(user_id, { [item_id]: 2 });
  await staff.must(`/payment/pay/${user_id}/${order_id}/1`);
  return { user_id, item_id, order_id, paid_id, restock_id };
}

const send = (client: ApiClient, operation: Operation, ids: Ids) =>
  client.request(
    operation.method,
    operation.path.replaceAll(/\{(\w+)\}/g, (_, name) => ids[name as keyof Ids] ?? '1') +
      (QUERIES[operation.path] ?? ''),
    {},
    BODIES[nameOf(operation)],
  );

/** Another user's things are answered like what does not exist. */
const BUYERS_OWN = {
  ...{ buyer: 404, shopkeeper: 403, operator: 403 },
  ...{ 'POST /payment/create_user': 200, 'GET /orders': 200 },
};
const CALLERS: Record<string, { roles?: string[]; isOwner?: true; statuses: Record<string, number> }> = {
  'the buyer': { isOwner: true, statuses: { shopkeeper: 403, operator: 403 } },
  'another buyer': { statuses: BUYERS_OWN },
  'somebody with a role that does not exist': { roles: ['admin', 'public', 'buyer'], statuses: BUYERS_OWN },
  'a shopkeeper': {
    roles: ['shopkeeper'],
    statuses: {
      buyer: 404,
      operator: 403,
      'GET /orders': 200,
      'GET /orders/find/{order_id}': 200,
      'POST /payment/create_user': 200,
    },
  },
  'an operator': { roles: ['operator'], statuses: { shopkeeper: 403 } },
  'an operator who is a shopkeeper, too': { roles: ['operator', 'shopkeeper'], statuses: {} },
};

const success = (operation: Operation) => (nameOf(operation) === 'POST /catalog/products' ? 202 : 200);

describe.each(Object.entries(CALLERS))('%s', (_, { roles = [], isOwner, statuses }) => {
  test('may do what the table says, and changes nothing where that is nothing', async () => {
    const staff = await clientOf('staff', ['operator', 'shopkeeper']);
    const problems: string[] = [];
    const attempt = async (operation: Operation, expected: number, ids: Ids) => {
      const client = await clientOf(isOwner ? ids.user_id : 'somebody', roles);
      const { status, body } = await send(client, operation, ids);
      if (status !== expected) {
        const name = nameOf(operation);
        problems.push(`${name} was answered with ${status} ${JSON.stringify(body)} and not with ${expected}`);
      }
      await client.close();
    };
    const operations = (await readOperations()).map((operation) => ({
      operation,
      expected: statuses[nameOf(operation)] ?? statuses[operation.audience] ?? success(operation),
    }));

    const untouched = await prepare(staff);
    const before = await readTables(shop.databases);
    for (const { operation, expected } of operations.filter((one) => one.expected >= 400)) {
      await attempt(operation, expected, untouched);
    }
    expect(await readTables(shop.databases)).toEqual(before);
    for (const { operation, expected } of operations.filter((one) => one.expected < 400)) {
      await attempt(operation, expected, await prepare(staff));
    }
    expect(problems).toEqual([]);
    await staff.close();
  });
});

/** Whatever is no valid token; test/access/tokens.test.ts has all the ways. */
const REFUSED: Record<string, (good: string) => Promise<Record<string, string>> | Record<string, string>> = {
  'without a token': () => ({}),
  'with a password': () => ({ authorization: `Basic ${btoa('operator:operator')}` }),
  'with a token that is cut off': (good) => ({ authorization: `Bearer ${good.slice(0, -10)}` }),
  'with an expired token': async () => ({
    authorization: `Bearer ${await issuer.token('staff', { roles: ['operator', 'shopkeeper'], exp: 1 })}`,
  }),
  'with two tokens': (good) => ({ authorization: `Bearer ${good}, Bearer ${good}` }),
  'with a token in a cookie': (good) => ({ cookie: `authorization=${good}; token=${good}` }),
  'with a token in other headers': (good) => ({
    'x-authorization': good,
    'proxy-authorization': `Bearer ${good}`,
  }),
};

test.each(Object.entries(REFUSED))('whoever comes %s may only do what is public', async (_, make) => {
  const good = await issuer.token('staff', { roles: ['operator', 'shopkeeper'] });
  const staff = shop.client({}, { authorization: `Bearer ${good}` });
  const stranger = shop.client({}, await make(good));
  const ids = await prepare(staff);
  const before = await readTables(shop.databases);
  for (const operation of await readOperations()) {
    const { status, headers, body } = await send(stranger, operation, ids);
    expect([operation.path, status]).toEqual([operation.path, operation.audience === 'public' ? 200 : 401]);
    if (status === 401) {
      expect(headers['www-authenticate']).toMatch(/^Bearer/);
      expect(body.detail).not.toContain(good.slice(0, 10));
    }
  }
  expect(await readTables(shop.databases)).toEqual(before);
  await Promise.all([staff.close(), stranger.close()]);
});

test('a list of orders has those of the buyer who asks, and everybody’s for a shopkeeper', async () => {
  const staff = await clientOf('staff', ['operator', 'shopkeeper']);
  const [mine, theirs] = [await prepare(staff), await prepare(staff)];
  const buyer = await clientOf(mine.user_id);
  const idsIn = async (client: ApiClient, path: string) =>
    (await client.get(path)).body.orders.map(({ order_id }: { order_id: string }) => order_id);
  for (const path of ['/orders', `/orders?user_id=${mine.user_id}`, '/orders?cursor=zzz&limit=100']) {
    expect(await idsIn(buyer, path)).toEqual([mine.order_id, mine.paid_id]);
  }
  const { status, body } = await buyer.get(`/orders?user_id=${theirs.user_id}`);
  expect([status, body.reason]).toEqual([404, 'unknown_user']);
  const keeper = await clientOf('keeper', ['shopkeeper']);
  expect(await idsIn(keeper, `/orders?user_id=${theirs.user_id}`)).toEqual([theirs.order_id, theirs.paid_id]);
  expect(await idsIn(keeper, '/orders?limit=100')).toEqual(
    expect.arrayContaining([mine.order_id, theirs.order_id]),
  );
  await Promise.all([staff, buyer, keeper].map((client) => client.close()));
});

test('what belongs to somebody else is answered exactly like what does not exist', async () => {
  const staff = await clientOf('staff', ['operator', 'shopkeeper']);
  const stranger = await clientOf('stranger');
  const ids = await prepare(staff);
  const nothing = { ...ids, user_id: crypto.randomUUID(), order_id: crypto.randomUUID() };
  for (const state of ['open', 'paid']) {
    for (const operation of (await readOperations()).filter(({ audience }) => audience === 'buyer')) {
      const answers = await Promise.all([ids, nothing].map((about) => send(stranger, operation, about)));
      const [foreign, none] = answers.map(({ status, headers, body }, i) => {
        const about = [ids, nothing][i] as Ids;
        const { trace_id, ...problem } = body;
        const text = JSON.stringify({ status, names: Object.keys(headers).sort(), problem });
        return text.replaceAll(about.user_id, 'USER').replaceAll(about.order_id, 'ORDER');
      });
      expect([state, foreign]).toEqual([state, none]);
    }
    await staff.checkout(ids.order_id);
  }
  await Promise.all([staff.close(), stranger.close()]);
});

test('HEAD is let in where GET is, and nowhere else', async () => {
  const staff = await clientOf('staff', ['operator', 'shopkeeper']);
  const ids = await prepare(staff);
  const client = await clientOf(ids.user_id);
  const stranger = await clientOf('stranger');
  const gets = (await readOperations()).filter(
    ({ method, audience }) => method === 'GET' && audience !== 'shopkeeper',
  );
  for (const operation of gets) {
    const head: Operation = { ...operation, method: 'HEAD' };
    expect((await send(client, head, ids)).status).toBe(200);
    // A list has what is one's own.
    const isForAll = operation.audience === 'public' || nameOf(operation) === 'GET /orders';
    expect((await send(stranger, head, ids)).status).toBe(isForAll ? 200 : 404);
  }
  await Promise.all([staff.close(), client.close(), stranger.close()]);
});

test('whoever signs in for the first time becomes a user, buys, and stays the same user', async () => {
  const staff = await clientOf('staff', ['operator', 'shopkeeper']);
  const subject = crypto.randomUUID();
  const buyer = await clientOf(subject);
  expect((await buyer.get(`/payment/find_user/${subject}`)).status).toBe(404);
  expect(await buyer.must('/payment/create_user')).toEqual({ user_id: subject });
  await staff.must(`/payment/add_funds/${subject}/10`);
  expect(await buyer.must('/payment/create_user')).toEqual({ user_id: subject });
  const item = await staff.item(4, 10);
  const order = await buyer.order(subject, { [item]: 2 });
  expect((await buyer.checkout(order)).body).toMatchObject({ status: 'PAID' });
  expect(await buyer.credit(subject)).toBe(2);
  await Promise.all([staff.close(), buyer.close()]);
});

test('two callers who use the same Idempotency-Key each get their own answer', async () => {
  const staff = await clientOf('staff', ['operator', 'shopkeeper']);
  const [one, two] = await Promise.all([prepare(staff), prepare(staff)]);
  for (const path of ['/orders/create', '/orders/checkout'] as const) {
    const answers = [];
    const key = { 'Idempotency-Key': `one-for-${path.split('/').at(-1)}` };
    for (const ids of [one, two]) {
      const client = await clientOf(ids.user_id);
      const about = path === '/orders/create' ? ids.user_id : ids.order_id;
      answers.push(await client.post(`${path}/${about}`, key), await client.post(`${path}/${about}`, key));
      await client.close();
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(answers[0]?.body).toEqual(answers[1]?.body);
    expect(answers[2]?.body).toEqual(answers[3]?.body);
    expect(answers[0]?.body).not.toEqual(answers[2]?.body);
  }
  await staff.close();
});
