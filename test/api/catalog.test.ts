import { Client } from 'pg';
import { reads } from '../../catalog/src/metrics';
import { query } from '../support/books';
import { CatalogClient, type Stocked } from '../support/catalog';
import { openServiceEdge, type ServiceEdge } from '../support/http-edge';

/** Catalog's routes on a database of its own. Nobody answers its events, so a test says when stock has units. */
let edge: ServiceEdge;
let catalog: CatalogClient;
const levels = new Map<string, number>();
const bought = new Set<string>();
beforeAll(async () => {
  edge = await openServiceEdge('catalog', {
    levels: { get: (itemId) => levels.get(itemId) ?? null, ask: () => undefined },
    purchases: { has: async ({ user_id, item_id }) => bought.has(`${user_id} ${item_id}`) },
  });
  catalog = new CatalogClient([edge.origin]);
});
afterAll(() => edge.close());
beforeEach(() => query(edge.databaseUrl, 'TRUNCATE products, restocks, votes, vote_ledger, vote_counts'));

/** Inserts products that stock has units of. @returns their ids */
async function list(...products: Partial<Stocked>[]): Promise<string[]> {
  const ids: string[] = [];
  for (const product of products) {
    const { status, body } = await catalog.stock({ name: 'Lamp', quantity: 1, price: 10, ...product });
    expect(status).toBe(202);
    ids.push(body.item_id);
  }
  await query(edge.databaseUrl, 'UPDATE products SET listed_at = now()');
  // A change that another replica has made is seen after a second; one of its own at once.
  await catalog.send('PATCH', `/catalog/products/${ids[0]}`, {});
  return ids;
}
const names = async (search = '') => {
  const { status, body } = await catalog.get(`/catalog/products${search}`);
  expect(status).toBe(200);
  return body.products.map(({ name }: Stocked) => name);
};

describe('putting units into the shop', () => {
  test('a new name inserts a product, which nobody sees before stock has its units', async () => {
    const { status, body, headers } = await catalog.stock({
      ...{ name: '  Brass   lamp ', quantity: 3, price: 10 },
      ...{ description: 'It burns.', picture: 'brass-lamp', categories: ['Lamps', 'Lamps', 'Brass'] },
    });
    expect([status, body.is_new]).toEqual([202, true]);
    expect(headers.get('location')).toBe(`/catalog/restocks/${body.restock_id}`);
    expect((await catalog.get(`/catalog/restocks/${body.restock_id}`)).body).toMatchObject({
      ...{
        restock_id: body.restock_id,
        item_id: body.item_id,
        quantity: 3,
        state: 'REQUESTED',
        reason: null,
      },
    });
    expect(await names()).toEqual([]);
    expect((await catalog.get(`/catalog/products/${body.item_id}`)).status).toBe(404);
    expect((await catalog.get('/catalog/inventory')).body.products).toMatchObject([
      {
        ...{ name: 'Brass lamp', price: 10, description: 'It burns.', picture: 'brass-lamp' },
        ...{ categories: ['Lamps', 'Brass'], listed: false, hidden: false, quantity: null },
      },
    ]);
  });

  test('a known name in other letters adds to the product, and changes nothing else', async () => {
    const first = await catalog.stock({ name: 'Lamp', quantity: 3, price: 10, description: 'one' });
    const again = await catalog.stock({ name: 'LAMP', quantity: 4, description: 'two' });
    expect(again.body).toMatchObject({ item_id: first.body.item_id, is_new: false });
    const { body } = await catalog.get('/catalog/inventory');
    expect(body.products).toMatchObject([{ name: 'Lamp', description: 'one' }]);
    expect(
      await query(edge.databaseUrl, 'SELECT quantity::int, price::int FROM restocks ORDER BY id'),
    ).toEqual([
      { quantity: 3, price: 10 },
      { quantity: 4, price: 10 },
    ]);
  });

  test('twenty shopkeepers who insert the same name at the same time insert one product', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => catalog.stock({ name: 'Rope', quantity: 1, price: 5 })),
    );
    expect(new Set(answers.map(({ body }) => body.item_id)).size).toBe(1);
    expect(answers.filter(({ body }) => body.is_new)).toHaveLength(1);
    expect(await query(edge.databaseUrl, 'SELECT FROM restocks')).toHaveLength(20);
  });

  test('the same key stocks once', async () => {
    const stock = () => catalog.stock({ name: 'Lamp', quantity: 3, price: 10 }, { 'idempotency-key': 'k' });
    const [first, again] = [await stock(), await stock()];
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await query(edge.databaseUrl, 'SELECT FROM restocks')).toHaveLength(1);
  });

  test.each<[string, object, number, string]>([
    ['without a price, if it is new', { name: 'Lamp', quantity: 1 }, 400, 'price_missing'],
    ['without a quantity', { name: 'Lamp', price: 1 }, 400, 'invalid_body'],
    ['of nothing', { name: 'Lamp', price: 1, quantity: 0 }, 400, 'invalid_body'],
    ['of half a unit', { name: 'Lamp', price: 1, quantity: 0.5 }, 400, 'invalid_body'],
    ['of more than 2^31 - 1', { name: 'Lamp', price: 1, quantity: 2 ** 31 }, 400, 'invalid_body'],
    ['for less than nothing', { name: 'Lamp', price: -1, quantity: 1 }, 400, 'invalid_body'],
    ['without a name', { name: ' ', price: 1, quantity: 1 }, 400, 'invalid_body'],
    ['with a name of two lines and a NUL', { name: 'a\0b', price: 1, quantity: 1 }, 400, 'invalid_body'],
    ['with a long name', { name: 'x'.repeat(81), price: 1, quantity: 1 }, 400, 'invalid_body'],
    [
      'with a picture from elsewhere',
      { name: 'a', price: 1, quantity: 1, picture: '//x/y' },
      400,
      'invalid_body',
    ],
    [
      'with six categories',
      { name: 'a', price: 1, quantity: 1, categories: [...'abcdef'] },
      400,
      'invalid_body',
    ],
  ])('refuses a product %s, and changes nothing', async (_, body, status, reason) => {
    const answer = await catalog.send('POST', '/catalog/products', body);
    expect([answer.status, answer.body.reason]).toEqual([status, reason]);
    expect(await query(edge.databaseUrl, 'SELECT FROM products')).toEqual([]);
  });

  test('refuses another price than the product has', async () => {
    await catalog.stock({ name: 'Lamp', quantity: 1, price: 10 });
    const { status, body } = await catalog.stock({ name: 'Lamp', quantity: 1, price: 11 });
    expect([status, body.reason]).toEqual([409, 'other_price']);
    expect(body.detail).toContain('"Lamp" costs 10');
    expect(await query(edge.databaseUrl, 'SELECT FROM restocks')).toHaveLength(1);
  });
});

describe('what buyers see', () => {
  test('a product with its quantity, as stock has told it', async () => {
    const [id = ''] = await list({ name: 'Lamp', categories: ['Lamps'] });
    levels.set(id, 7);
    const product = {
      ...{ item_id: id, name: 'Lamp', description: '', picture: 'parcel', categories: ['Lamps'], price: 10 },
      ...{ quantity: 7, rating: { average: null, votes: 0, stars: [0, 0, 0, 0, 0] } },
    };
    expect((await catalog.get(`/catalog/products/${id}`)).body).toEqual(product);
    expect((await catalog.get('/catalog/products')).body).toEqual({ products: [product], next_cursor: null });
    levels.set(id, 6);
    expect((await catalog.get(`/catalog/products/${id}`)).body.quantity).toBe(6);
  });

  test.each([
    ['name', ['anchor', 'Bell', 'bell 2', 'Candle', 'Rope']],
    ['price', ['Candle', 'Bell', 'anchor', 'Rope', 'bell 2']],
    ['newest', ['bell 2', 'Rope', 'Candle', 'anchor', 'Bell']],
  ])('pages of any size in the order of %s show each product once', async (sort, expected) => {
    await list(
      { name: 'Bell', price: 5 },
      { name: 'anchor', price: 7 },
      { name: 'Candle', price: 1 },
      { name: 'Rope', price: 7 },
      { name: 'bell 2', price: 9 },
    );
    for (const limit of [1, 2, 3, 5]) {
      const found: string[] = [];
      for (let cursor = ''; ; ) {
        const { body } = await catalog.get(`/catalog/products?sort=${sort}&limit=${limit}${cursor}`);
        found.push(...body.products.map(({ name }: Stocked) => name));
        if (body.next_cursor === null) {
          break;
        }
        cursor = `&cursor=${body.next_cursor}`;
      }
      expect(found).toEqual(expected);
    }
  });

  test.each([1, 2, 3])('pages of %i show every name once, in whatever script', async (limit) => {
    const given = ['Öl', 'Über', 'ähnlich', 'ΟΔΟΣ', 'Iota', 'ısı', 'İp', 'Zebra'];
    await list(...given.map((name) => ({ name })));
    const found: string[] = [];
    for (let cursor = ''; found.length <= given.length; ) {
      const { body } = await catalog.get(`/catalog/products?limit=${limit}${cursor}`);
      found.push(...body.products.map(({ name }: Stocked) => name));
      if (body.next_cursor === null) {
        break;
      }
      cursor = `&cursor=${body.next_cursor}`;
    }
    expect(found.sort()).toEqual(given.sort());
  });

  test('a name in other letters, spellings and apostrophes is the same name', async () => {
    const [id] = await list({ name: 'Ship’s ÖL' });
    for (const name of ["SHIP'S öl", 'ship‘s o\u0308l']) {
      expect((await catalog.stock({ name, quantity: 1 })).body).toMatchObject({ item_id: id, is_new: false });
    }
  });

  test.each([
    ['hurr', ['Hurricane lantern']],
    ['LANTERN', ['Hurricane lantern', 'Oil']],
    ['burning lamps', ['Oil']],
    ['lantern "oil" & !x:*', []],
    ["ship's", ["Ship's bell"]],
    ['nothing', []],
    ['!!!', []],
  ])('a search for %s finds %j', async (search, expected) => {
    await list(
      { name: 'Hurricane lantern', description: 'It stands every wind.' },
      { name: 'Oil', description: 'It burns in a lantern or a lamp.' },
      { name: "Ship's bell" },
    );
    expect(await names(`?search=${encodeURIComponent(search)}`)).toEqual(expected);
  });

  test('categories with their numbers, and the products of one of them', async () => {
    await list({ name: 'Lamp', categories: ['Lamps', 'brass'] }, { name: 'Bell', categories: ['brass'] });
    expect((await catalog.get('/catalog/categories')).body).toEqual({
      categories: [
        { name: 'brass', products: 2 },
        { name: 'Lamps', products: 1 },
      ],
    });
    expect(await names('?category=Lamps')).toEqual(['Lamp']);
    expect(await names('?category=lamps')).toEqual([]);
  });

  test('nothing that is hidden, which staff sees, and can show again', async () => {
    const [id = ''] = await list({ name: 'Lamp' });
    const hide = (hidden: boolean) => catalog.send('PATCH', `/catalog/products/${id}`, { hidden });
    await hide(true);
    expect(await names()).toEqual([]);
    expect((await catalog.get(`/catalog/products/${id}`)).status).toBe(404);
    expect((await catalog.get('/catalog/inventory')).body.products).toMatchObject([{ hidden: true }]);
    await hide(false);
    expect(await names()).toEqual(['Lamp']);
  });

  test('an edited product at once, with all that was not edited as it was', async () => {
    const [id = ''] = await list({ name: 'Lamp', description: 'old', categories: ['a'] });
    await catalog.get(`/catalog/products/${id}`);
    await catalog.send('PATCH', `/catalog/products/${id}`, { description: 'new\nlines', name: 'Lantern' });
    expect((await catalog.get(`/catalog/products/${id}`)).body).toMatchObject({
      ...{ name: 'Lantern', description: 'new\nlines', categories: ['a'], price: 10 },
    });
  });

  test('no two products of one name', async () => {
    const [, id] = await list({ name: 'Lamp' }, { name: 'Bell' });
    const { status, body } = await catalog.send('PATCH', `/catalog/products/${id}`, { name: 'LAMP' });
    expect([status, body.reason]).toEqual([409, 'name_taken']);
    expect((await catalog.send('PATCH', `/catalog/products/${id}`, { name: 'BELL' })).status).toBe(200);
  });

  test.each(['sort=best', 'limit=0', 'limit=101', 'cursor=abc', 'search=', 'category=', 'x=1'])(
    'refuses a list with ?%s',
    async (query) => {
      const { status, body } = await catalog.get(`/catalog/products?${query}`);
      expect([status, body.reason]).toEqual([400, 'invalid_parameter']);
    },
  );

  test('a cursor counts for the order that it is of', async () => {
    await list({ name: 'Lamp' }, { name: 'Bell' });
    const { body } = await catalog.get('/catalog/products?limit=1&sort=name');
    const other = await catalog.get(`/catalog/products?limit=1&sort=price&cursor=${body.next_cursor}`);
    expect(other.status).toBe(400);
  });
});

describe('what was asked lately', () => {
  /** Looks at the table with indexes or without: what PostgreSQL itself has counted. */
  const looks = async (): Promise<number> => {
    const [row] = await query<{ looks: number }>(
      edge.databaseUrl,
      `SELECT pg_stat_force_next_flush(), (seq_scan + coalesce(idx_scan, 0))::int AS looks
       FROM pg_stat_user_tables WHERE relname = 'products'`,
    );
    return row?.looks ?? 0;
  };

  test('is answered without SQL, and says for how long it may be kept', async () => {
    const [id = ''] = await list({ name: 'Lamp' });
    const paths = ['/catalog/products', `/catalog/products/${id}`, '/catalog/categories'];
    const ask = async () => {
      for (const path of paths) {
        const { status, headers } = await catalog.get(path);
        expect(status).toBe(200);
        expect(headers.get('cache-control')).toBe('public, max-age=1');
      }
    };
    // Those that begin a second lie between others, and a slow machine has several of them.
    let fewest = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 20 && fewest > 0; tries++) {
      await ask();
      await query(edge.databaseUrl, 'SELECT pg_stat_clear_snapshot()');
      const before = await looks();
      for (let n = 0; n < 10; n++) {
        await ask();
      }
      fewest = Math.min(fewest, (await looks()) - before);
    }
    expect(fewest).toBe(0);
  });

  test('is one query for all who ask at the same time', async () => {
    await list({ name: 'Lamp' });
    const counted = async (result: string) =>
      (await reads.get()).values.find(({ labels }) => labels.result === result)?.value ?? 0;
    const before = { miss: await counted('miss'), shared: await counted('shared') };
    await Promise.all(Array.from({ length: 100 }, () => catalog.get('/catalog/products?search=lamp')));
    // On a slow machine they come during more than one second.
    expect((await counted('miss')) - before.miss).toBeLessThan(10);
    expect((await counted('shared')) - before.shared).toBeGreaterThan(10);
  });

  test('is answered with 304 to whoever has it already', async () => {
    await list({ name: 'Lamp' });
    const { headers } = await catalog.get('/catalog/products');
    const again = await catalog.get('/catalog/products', {
      'if-none-match': headers.get('etag') ?? '',
      // Otherwise fetch asks for an answer that nobody has kept.
      'cache-control': 'max-age=0',
    });
    expect([again.status, again.body]).toEqual([304, undefined]);
  });
});

describe('votes', () => {
  const vote = (user: string, item: string, stars: unknown) =>
    catalog.send('POST', `/catalog/vote/${user}/${item}/${stars}`);

  test('count for what was bought, once for each buyer, and can be changed', async () => {
    const [lamp = ''] = await list({ name: 'Lamp' });
    bought.add(`ann ${lamp}`).add(`bob ${lamp}`);
    expect((await catalog.get(`/catalog/vote/ann/${lamp}`)).body).toEqual({ stars: null });
    await vote('ann', lamp, 5);
    await vote('bob', lamp, 2);
    const { status, body } = await vote('ann', lamp, 4);
    expect(status).toBe(200);
    expect(body).toEqual({ item_id: lamp, rating: { average: 3, votes: 2, stars: [0, 1, 0, 1, 0] } });
    expect((await catalog.get(`/catalog/products/${lamp}`)).body.rating).toEqual(body.rating);
    expect((await catalog.get(`/catalog/vote/ann/${lamp}`)).body).toEqual({ stars: 4 });
  });

  test('are refused for what was not bought', async () => {
    const [lamp = ''] = await list({ name: 'Lamp' });
    const { status, body } = await vote('mallory', lamp, 5);
    expect([status, body.reason]).toEqual([403, 'not_bought']);
    expect(await query(edge.databaseUrl, 'SELECT FROM votes')).toEqual([]);
  });

  test.each([0, 6, -1, '5.0', '05', 'five'])('are refused with %s stars', async (stars) => {
    const { status, body } = await vote('ann', 'lamp', stars);
    expect([status, body.reason]).toEqual([400, 'invalid_parameter']);
  });

  test('wait alone while somebody has their product locked, and the others are counted', async () => {
    const [lamp = '', bell = ''] = await list({ name: 'Lamp' }, { name: 'Bell' });
    bought.add(`ann ${lamp}`).add(`ann ${bell}`).add(`bob ${lamp}`);
    await vote('ann', lamp, 1);
    const stranger = new Client({ connectionString: edge.databaseUrl });
    await stranger.connect();
    await stranger.query('BEGIN');
    await stranger.query('SELECT FROM vote_counts FOR UPDATE');
    const locked = vote('bob', lamp, 5);
    expect((await vote('ann', bell, 4)).status).toBe(200);
    const { status, body } = await locked;
    expect([status, body.reason]).toEqual([503, 'busy']);
    const again = vote('bob', lamp, 5);
    await stranger.query('COMMIT');
    expect((await again).body.rating).toMatchObject({ votes: 2 });
    await stranger.end();
  });

  test('can be changed ten times in a minute', async () => {
    const [lamp = ''] = await list({ name: 'Lamp' });
    bought.add(`ann ${lamp}`);
    for (let n = 0; n < 10; n++) {
      expect((await vote('ann', lamp, 1 + (n % 5))).status).toBe(200);
    }
    const { status, body, headers } = await vote('ann', lamp, 1);
    expect([status, body.reason, headers.get('retry-after')]).toEqual([429, 'too_many_votes', '60']);
  });

  test('a thousand at the same time are counted exactly', async () => {
    const [lamp = '', bell = ''] = await list({ name: 'Lamp' }, { name: 'Bell' });
    const given = Array.from({ length: 1_000 }, (_, n) => ({
      user: `user-${n % 400}`,
      item: n % 3 === 0 ? lamp : bell,
      stars: 1 + ((n * 7) % 5),
    }));
    for (const { user, item } of given) {
      bought.add(`${user} ${item}`);
    }
    const answers = await Promise.all(given.map(({ user, item, stars }) => vote(user, item, stars)));
    const counted = answers.filter(({ status }) => status === 200).length;
    // More than that many are in flight at a time only if somebody is told to come again.
    expect(answers.filter(({ status }) => status !== 200 && status !== 503)).toEqual([]);
    expect(counted).toBeGreaterThanOrEqual(400);
    expect(
      await query(
        edge.databaseUrl,
        `SELECT item_id FROM vote_counts c WHERE counts <> ARRAY(
           SELECT (SELECT count(*) FROM votes v WHERE v.item_id = c.item_id AND stars = n) FROM generate_series(1, 5) AS n)
         UNION ALL
         SELECT item_id FROM vote_counts c WHERE counts <> ARRAY(
           SELECT (SELECT count(*) FILTER (WHERE stars = n) - count(*) FILTER (WHERE before = n)
                   FROM vote_ledger v WHERE v.item_id = c.item_id) FROM generate_series(1, 5) AS n)`,
      ),
    ).toEqual([]);
  });
});
