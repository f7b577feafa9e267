import { query } from '../support/books';
import { openServiceEdge, type ServiceEdge } from '../support/http-edge';

let edge: ServiceEdge;
beforeAll(async () => {
  edge = await openServiceEdge('order');
});
afterAll(() => edge.close());

async function createOrders(user: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    ids.push((await edge.post(`/orders/create/${user}`)).body.order_id);
  }
  return ids;
}

/** Reads page after page. @param between is called between two of them */
async function readAll(search: string, between = async () => {}): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor = ''; ; ) {
    const { status, body } = await edge.get(`/orders?${search}${cursor}`);
    expect(status).toBe(200);
    ids.push(...body.orders.map(({ order_id }: { order_id: string }) => order_id));
    if (body.next_cursor === null) {
      return ids;
    }
    cursor = `&cursor=${body.next_cursor}`;
    await between();
  }
}

test.each([1, 7, 20, 100])('pages of %i list all orders of a user once, the newest first', async (limit) => {
  const user = `user-of-pages-of-${limit}`;
  const ids = await createOrders(user, 20);
  await createOrders('somebody-else', 1);
  expect(await readAll(`user_id=${user}&limit=${limit}`)).toEqual(ids.reverse());
});

test('orders that are created while somebody pages neither repeat nor hide another one', async () => {
  const ids = await createOrders('busy', 10);
  const found = await readAll('user_id=busy&limit=3', async () => void (await createOrders('busy', 2)));
  expect(found).toEqual(ids.reverse());
});

test('an order is in the list as it is when it is read alone, with the time at which it was created', async () => {
  const [id] = await createOrders('same', 1);
  await query(edge.databaseUrl, `INSERT INTO order_lines VALUES ($1, 'a', 2, 5), ($1, 'b', 1, 7)`, [id]);
  const { body: alone } = await edge.get(`/orders/find/${id}`);
  expect(alone.total_cost).toBe(17);
  const { body } = await edge.get('/orders?user_id=same');
  expect(body).toEqual({ orders: [{ ...alone, created_at: expect.any(String) }], next_cursor: null });
  expect(Math.abs(Date.now() - Date.parse(body.orders[0].created_at))).toBeLessThan(60_000);
});

test('a list that nobody has orders for is empty, and a page without a limit has twenty', async () => {
  expect((await edge.get('/orders?user_id=nobody')).body).toEqual({ orders: [], next_cursor: null });
  await createOrders('many', 21);
  const { body } = await edge.get('/orders?user_id=many&');
  expect(body.orders).toHaveLength(20);
});

test.each([
  ['user_id=a%20b', 'user_id'],
  ['user_id=%00', 'user_id'],
  ['user_id=%ff', 'user_id'],
  ['user_id=', 'user_id'],
  ['user_id', 'user_id'],
  ['user_id=a&user_id=b', 'user_id'],
  ['limit=0', 'limit'],
  ['limit=101', 'limit'],
  ['limit=1e1', 'limit'],
  ['limit=+5', 'limit'],
  ['cursor=..%2F', 'cursor'],
  [`cursor=${'x'.repeat(65)}`, 'cursor'],
  ['page=2', 'user_id, cursor, limit'],
  ['__proto__=2', 'user_id, cursor, limit'],
  ['constructor=2', 'user_id, cursor, limit'],
])('the query %s is refused with 400, and the answer names what is wrong', async (search, named) => {
  const { status, body } = await edge.get(`/orders?${search}`);
  expect([status, body.reason]).toEqual([400, 'invalid_parameter']);
  expect(body.detail).toContain(named);
});

test('a client that has the list learns with 304 that it is still true, and with 200 that it is not', async () => {
  await createOrders('keeper', 1);
  const first = await edge.get('/orders?user_id=keeper');
  const etag = first.headers.etag as string;
  expect(etag).toMatch(/^"[\w-]{22}"$/);
  expect(first.headers['cache-control']).toBe('private, no-cache');
  for (const kept of [etag, `W/${etag}`, `"another", ${etag}`, '*']) {
    const again = await edge.call('GET', '/orders?user_id=keeper', { 'if-none-match': kept });
    expect([again.status, again.body, again.headers.etag]).toEqual([304, undefined, etag]);
  }
  await createOrders('keeper', 1);
  const changed = await edge.call('GET', '/orders?user_id=keeper', { 'if-none-match': etag });
  expect(changed.status).toBe(200);
  expect(changed.headers.etag).not.toBe(etag);
});

test('HEAD has the headers of GET and no body; OPTIONS names the methods', async () => {
  await createOrders('head', 1);
  const get = await edge.get('/orders?user_id=head');
  const head = await edge.call('HEAD', '/orders?user_id=head');
  expect([head.status, head.body]).toEqual([200, undefined]);
  expect(head.headers).toMatchObject({
    etag: get.headers.etag,
    'content-length': get.headers['content-length'],
  });
  expect((await edge.call('OPTIONS', '/orders')).headers.allow).toBe('HEAD, GET, OPTIONS');
});

test('a page reads as many rows as it has, however many orders there are', async () => {
  const filled = `INSERT INTO orders (id, user_id) SELECT 'order-' || n, 'user-' || n % 100 FROM generate_series(1, 50000) n`;
  await query(edge.databaseUrl, filled);
  await query(edge.databaseUrl, 'ANALYZE orders');
  const plan = await query<{ 'QUERY PLAN': string }>(
    edge.databaseUrl,
    `EXPLAIN SELECT id FROM orders WHERE user_id = 'user-1' AND id < 'order-3' ORDER BY id DESC LIMIT 21`,
  );
  const text = plan.map((row) => row['QUERY PLAN']).join('\n');
  expect(text).toMatch(/Index Only Scan Backward using orders_user_id_id_idx/);
  expect(text).not.toMatch(/Sort|Seq Scan/);
});
