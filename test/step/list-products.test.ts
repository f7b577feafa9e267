import { askUnanswered } from '../../catalog/src/saga/ask-restocks/step';
import { listStocked, type Stocked } from '../../catalog/src/saga/list-products/step';
import type { RestockEvent } from '../../shared/contract/events';
import { InvariantViolation } from '../../shared/errors';
import { statement } from '../../shared/postgres/statement';
import {
  itemChanged,
  itemRefused,
  itemStocked,
  type Restocked,
  restocked,
  TRACEPARENT,
} from '../support/events';
import { stepFixture } from '../support/step-fixture';

/** Finds products that are listed although stock has not said so, and the other way round. */
const BROKEN = `
  SELECT item_id FROM products p
  WHERE (listed_at IS NOT NULL) <> EXISTS (SELECT FROM restocks r WHERE r.item_id = p.item_id AND state = 'DONE')`;
const catalog = stepFixture('catalog', 'products, restocks', BROKEN);

let listed: Stocked[];
const step = listStocked((done) => listed.push(done));
beforeEach(() => {
  listed = [];
});

const insertRestock = ({ saga_id, item_id, quantity, price }: Restocked) =>
  catalog.query(
    'INSERT INTO restocks (id, item_id, quantity, price, traceparent) VALUES ($1, $2, $3, $4, $5)',
    [saga_id, item_id, quantity, price, TRACEPARENT],
  );
async function request(restock: Restocked): Promise<void> {
  await catalog.query(
    `INSERT INTO products (item_id, name, name_key, categories, price) VALUES ($1, $1, $1, '{}', $2) ON CONFLICT DO NOTHING`,
    [restock.item_id, restock.price],
  );
  await insertRestock(restock);
}
async function list(...events: RestockEvent[]) {
  const outcome = await catalog.transaction((tx) => step.run(tx, events));
  await outcome.afterCommit?.();
  return outcome;
}
const states = () => catalog.query('SELECT state, reason FROM restocks ORDER BY id');
const first = restocked(1);

test('lists a product once stock has its units', async () => {
  await request(first);
  expect((await list(itemChanged(first))).emit).toEqual([]);
  expect(await states()).toEqual([{ state: 'DONE', reason: null }]);
  expect(listed).toEqual([{ stocked: ['lamp'], isAnyNew: true }]);
});

test('a product that is listed stays listed since the first time', async () => {
  await request(first);
  await request(restocked(2));
  await list(itemChanged(first));
  const since = () => catalog.query('SELECT listed_at FROM products');
  const before = await since();
  await list(itemChanged(restocked(2)));
  expect(await since()).toEqual(before);
  expect(listed.map(({ isAnyNew }) => isAnyNew)).toEqual([true, false]);
});

test('does not list a product whose units stock has refused', async () => {
  await request(first);
  await list(itemRefused(first, 'limit_exceeded'));
  expect(await states()).toEqual([{ state: 'REFUSED', reason: 'limit_exceeded' }]);
  expect(listed).toEqual([{ stocked: [], isAnyNew: false }]);
});

test('an answer that comes again changes nothing', async () => {
  await request(first);
  await request(restocked(2));
  const refused = itemRefused(restocked(2), 'other_price');
  await list(itemChanged(first), refused);
  expect((await list(itemChanged(first), refused, refused)).duplicates).toBe(3);
  expect(await states()).toEqual([
    { state: 'DONE', reason: null },
    { state: 'REFUSED', reason: 'other_price' },
  ]);
});

test.each<[string, RestockEvent[]]>([
  ['about a restock that catalog does not know', [itemChanged(restocked(7))]],
  ['that contradicts the one before', [itemChanged(first), itemRefused(first, 'other_price')]],
  ['that is no answer', [itemStocked(first)]],
])('rejects an event %s', async (_, events) => {
  await request(first);
  await expect(list(...events)).rejects.toThrow(InvariantViolation);
  expect(await states()).toEqual([{ state: 'REQUESTED', reason: null }]);
});

test.each([
  ['restocks', `SELECT FROM restocks FOR UPDATE`, `restocks/${first.saga_id}`],
  ['products', `SELECT FROM products FOR UPDATE`, 'products/lamp'],
])('an event is blocked while somebody has rows of %s locked', async (table, lock, row) => {
  await request(first);
  const hold = statement(`test_hold_${table}`, lock);
  const event = itemChanged(first);
  const [, blocked] = await catalog.overlap(
    (tx) => tx.run(hold),
    (tx) => step.findBlocked(tx, [event]),
  );
  expect([...blocked]).toEqual([[event, row]]);
});

describe('a restock that stock has not answered', () => {
  const ask = (readingForMs: number | null = null) =>
    catalog.transaction((tx) => askUnanswered(tx, { askAfterMs: 15_000, readingForMs, limit: 10 }));
  const pass = (seconds: number) =>
    catalog.query(
      `UPDATE restocks SET created_at = created_at - $1 * interval '1 second', asked_at = asked_at - $1 * interval '1 second'`,
      [seconds],
    );

  test('is asked about after its time, and not before', async () => {
    await request(first);
    expect(await ask()).toEqual([]);
    await pass(16);
    expect(await ask()).toEqual([itemStocked(first)]);
    expect(await ask()).toEqual([]);
  });

  test('is asked about again while stock reads its queue, and hardly ever while it does not', async () => {
    await request(first);
    await pass(16);
    await ask();
    await pass(21);
    expect(await ask(null)).toEqual([]);
    expect(await ask(60_000)).toEqual([itemStocked(first)]);
    await pass(400);
    expect(await ask(null)).toEqual([itemStocked(first)]);
  });

  test('is not asked about once it is answered', async () => {
    await request(first);
    await list(itemChanged(first));
    await pass(100);
    expect(await ask(100_000)).toEqual([]);
  });
});
