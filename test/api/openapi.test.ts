import { checkout } from '../../order/src/checkout/route';
import { participantNames } from '../../shared/services';
import { type Edge, openEdge, openServiceEdge } from '../support/http-edge';

// biome-ignore lint/suspicious/noExplicitAny: a document is data.
type Json = any;

let edge: Edge;
let document: Json;
let close: () => Promise<unknown>;

beforeAll(async () => {
  const services = await Promise.all(participantNames.map((name) => openServiceEdge(name)));
  edge = await openEdge([...services.flatMap((service) => service.routes), checkout({} as never)]);
  close = () => Promise.all([edge, ...services].map((opened) => opened.close()));
  document = (await edge.get('/openapi.json')).body;
});

afterAll(() => close());

/** Each route, with whom it is for. */
const PUBLIC_API = {
  'POST /orders/create/{user_id}': 'buyer',
  'GET /orders': 'buyer',
  'GET /orders/find/{order_id}': 'buyer',
  'GET /orders/bought/{user_id}/{item_id}': 'buyer',
  'POST /orders/addItem/{order_id}/{item_id}/{quantity}': 'buyer',
  'POST /orders/addItem/{order_id}/{item_id}': 'buyer',
  'DELETE /orders/removeItem/{order_id}/{item_id}': 'buyer',
  'DELETE /orders/remove/{order_id}': 'buyer',
  'POST /orders/checkout/{order_id}': 'buyer',
  'POST /orders/batch_init/{n}/{n_items}/{n_users}/{item_price}': 'operator',
  'POST /stock/item/create/{price}': 'shopkeeper',
  'GET /stock/find/{item_id}': 'public',
  'GET /stock/items': 'public',
  'POST /stock/add/{item_id}/{amount}': 'shopkeeper',
  'POST /stock/subtract/{item_id}/{amount}': 'shopkeeper',
  'POST /stock/batch_init/{n}/{starting_stock}/{item_price}': 'operator',
  'POST /payment/create_user': 'buyer',
  'GET /payment/find_user/{user_id}': 'buyer',
  'POST /payment/add_funds/{user_id}/{amount}': 'operator',
  'POST /payment/pay/{user_id}/{amount}': 'operator',
  'POST /payment/pay/{user_id}/{order_id}/{amount}': 'operator',
  'POST /payment/cancel/{user_id}/{order_id}': 'operator',
  'GET /payment/status/{user_id}/{order_id}': 'buyer',
  'POST /payment/status/{user_id}/{order_id}': 'buyer',
  'POST /payment/batch_init/{n}/{starting_money}': 'operator',
  'GET /catalog/products': 'public',
  'GET /catalog/products/{item_id}': 'public',
  'GET /catalog/categories': 'public',
  'GET /catalog/inventory': 'shopkeeper',
  'POST /catalog/products': 'shopkeeper',
  'PATCH /catalog/products/{item_id}': 'shopkeeper',
  'GET /catalog/restocks/{restock_id}': 'shopkeeper',
  'POST /catalog/vote/{user_id}/{item_id}/{stars}': 'buyer',
  'GET /catalog/vote/{user_id}/{item_id}': 'buyer',
};

function operations(): { name: string; path: string; operation: Json }[] {
  return Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      path,
      operation,
    })),
  );
}

test('the document is OpenAPI 3.1 and lists exactly the routes of the public API', () => {
  expect(document.openapi).toMatch(/^3\.1\./);
  expect(
    operations()
      .map(({ name }) => name)
      .sort(),
  ).toEqual(Object.keys(PUBLIC_API).sort());
});

test('describes exactly the parameters of each path, with their rules', () => {
  for (const { path, operation } of operations()) {
    const described = (operation.parameters ?? []).filter((parameter: Json) => parameter.in === 'path');
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(described.map((parameter: Json) => parameter.name).sort()).toEqual(inPath.sort());
    for (const { schema, required } of described) {
      expect(required).toBe(true);
      const rule = schema.$ref ? document.components.schemas[schema.$ref.split('/').at(-1)] : schema;
      expect(rule.pattern ?? rule.maximum).toBeDefined();
    }
  }
});

test('describes the parameters of a query: those of lists are not required', () => {
  const found = operations().flatMap(({ name, operation }) =>
    (operation.parameters ?? [])
      .filter((parameter: Json) => parameter.in === 'query')
      .map((parameter: Json) => [name, parameter.name, parameter.required ?? false]),
  );
  expect(found).toEqual([
    ['GET /orders', 'user_id', false],
    ['GET /orders', 'cursor', false],
    ['GET /orders', 'limit', false],
    ['POST /payment/create_user', 'user_id', false],
    ['GET /stock/items', 'ids', true],
    ...['products', 'inventory'].flatMap((list) =>
      ['search', 'category', 'sort', 'cursor', 'limit'].map((name) => [`GET /catalog/${list}`, name, false]),
    ),
  ]);
});

test('says for each route whom it is for', () => {
  const said = operations().map(({ name, operation }) => [name, operation['x-audience']]);
  expect(Object.fromEntries(said)).toEqual(PUBLIC_API);
});

test('every reference resolves', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path);
  expect(references.length).toBeGreaterThan(0);
  for (const path of new Set(references)) {
    expect(path?.split('/').reduce((node, key) => node?.[key], document)).toBeDefined();
  }
});

test('every failure is a problem document, and every success is plain JSON', () => {
  for (const { operation } of operations()) {
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['400', '500', '503']));
    const done = operation.responses['200'] ?? operation.responses['202'];
    expect(done.description).toMatch(/^[A-Z][^.]*\.$/);
    for (const [status, response] of Object.entries<Json>(operation.responses)) {
      if (status === '304') {
        expect(response).toEqual({ description: expect.any(String), headers: expect.anything() });
        continue;
      }
      const type = Number(status) < 400 ? 'application/json' : 'application/problem+json';
      expect(Object.keys(response.content)).toEqual([type]);
    }
  }
});

test('what must happen once takes an Idempotency-Key, and only checkout takes Prefer', () => {
  for (const { name, operation } of operations()) {
    const headers = (operation.parameters ?? [])
      .filter((parameter: Json) => parameter.in === 'header')
      .map((parameter: Json) => parameter.name);
    const hasNoKey = name.startsWith('GET') || name.includes('/status/') || name.includes('/vote/');
    const expected = hasNoKey
      ? []
      : name.includes('/checkout/')
        ? ['Idempotency-Key', 'Prefer']
        : ['Idempotency-Key'];
    expect(headers).toEqual(expected);
    if (!hasNoKey) {
      expect(operation.responses['409'].description).toContain('Idempotency-Key');
      expect(operation.responses['422'].description).toContain('Idempotency-Key');
    }
  }
});
