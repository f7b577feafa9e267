import type { RestockEvent } from '../../shared/contract/events';
import { InvariantViolation } from '../../shared/errors';
import { statement } from '../../shared/postgres/statement';
import { restockItems } from '../../stock/src/saga/restock/step';
import {
  checkoutRequested,
  itemChanged,
  itemRefused,
  itemStocked,
  purchase,
  restocked,
} from '../support/events';
import { stockFixture } from './stock-fixture';

const stock = stockFixture();
let added: string[][];
const step = restockItems((itemIds) => added.push(itemIds));
beforeEach(async () => {
  added = [];
  await stock.query('TRUNCATE restocks');
});

async function restock(...events: RestockEvent[]) {
  const outcome = await stock.transaction((tx) => step.run(tx, events));
  await outcome.afterCommit?.();
  return outcome;
}
const first = restocked(1);

test('makes the item of a first restock, with its units and its price', async () => {
  expect((await restock(itemStocked(first))).emit).toEqual([itemChanged(first)]);
  expect(await stock.query('SELECT id, price, available FROM items')).toEqual([
    { id: 'lamp', price: 10, available: 5 },
  ]);
  expect(added).toEqual([['lamp']]);
});

test('adds the units of later restocks, of one batch or of several', async () => {
  await restock(itemStocked(first), itemStocked(restocked(2, { quantity: 2 })));
  await restock(itemStocked(restocked(3, { quantity: 1 })));
  expect(await stock.units()).toEqual({ lamp: [8, 0] });
});

test('adds the units once, however often the event comes, and repeats its answer', async () => {
  await restock(itemStocked(first), itemStocked(first));
  const { emit, duplicates } = await restock(itemStocked(first));
  expect(emit).toEqual([itemChanged(first)]);
  expect(duplicates).toBe(1);
  expect(await stock.units()).toEqual({ lamp: [5, 0] });
});

test('adds the units once when two replicas get the event at the same time', async () => {
  const run = () => (tx: Parameters<typeof step.run>[0]) => step.run(tx, [itemStocked(first)]);
  const [one, other] = await stock.overlap(run(), run());
  expect([one.duplicates, other.duplicates]).toEqual([0, 1]);
  expect(other.emit).toEqual([itemChanged(first)]);
  expect(await stock.units()).toEqual({ lamp: [5, 0] });
});

test('refuses another price than the item has, and changes nothing', async () => {
  await restock(itemStocked(first));
  const dearer = restocked(2, { price: 11 });
  expect((await restock(itemStocked(dearer))).emit).toEqual([itemRefused(dearer, 'other_price')]);
  expect((await restock(itemStocked(dearer))).emit).toEqual([itemRefused(dearer, 'other_price')]);
  expect(await stock.units()).toEqual({ lamp: [5, 0] });
});

test('refuses more units than a number holds, reserved ones included', async () => {
  await restock(itemStocked(first));
  await stock.reserve(checkoutRequested(purchase(9), { lamp: 5 }));
  const most = restocked(2, { quantity: Number.MAX_SAFE_INTEGER - 5 });
  const tooMany = restocked(3, { quantity: 1 });
  expect((await restock(itemStocked(most), itemStocked(tooMany))).emit).toEqual([
    itemChanged(most),
    itemRefused(tooMany, 'limit_exceeded'),
  ]);
  expect(await stock.units()).toEqual({ lamp: [Number.MAX_SAFE_INTEGER - 5, 5] });
});

test.each([
  ['item', { item_id: 'rope' }],
  ['quantity', { quantity: 6 }],
  ['price', { price: 11 }],
])('rejects a restock that was decided with another %s', async (_, given) => {
  await restock(itemStocked(first));
  await expect(restock(itemStocked(restocked(1, given)))).rejects.toThrow(InvariantViolation);
  expect(await stock.units()).toEqual({ lamp: [5, 0] });
});

test('rejects an event that stocks nothing', async () => {
  await expect(restock(itemChanged(first))).rejects.toThrow(InvariantViolation);
});

test('an event is blocked by a locked item, and the others are not', async () => {
  await stock.addItems({ lamp: 1, rope: 1 });
  const events = [itemStocked(first), itemStocked(restocked(2, { item_id: 'rope' }))];
  const hold = statement('test_hold_lamp', `SELECT FROM items WHERE id = 'lamp' FOR UPDATE`);
  const [, blocked] = await stock.overlap(
    (tx) => tx.run(hold),
    (tx) => step.findBlocked(tx, events),
  );
  expect([...blocked]).toEqual([[events[0], 'items/lamp']]);
});
