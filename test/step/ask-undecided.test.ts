import { askUndecided, isAnyUndecidedDue } from '../../stock/src/saga/ask-undecided/step';
import {
  checkoutRequested,
  decisionRequested,
  paymentCaptured,
  paymentRejected,
  purchase,
} from '../support/events';
import { stockFixture } from './stock-fixture';

const stock = stockFixture();
const [first, second, third] = [purchase(1), purchase(2), purchase(3)];
/** Payment has been reading its queue for months, unless a test says otherwise. */
const options = { askAfterMs: 30_000, readingForMs: 1e10 as number | null, limit: 256 };
const ask = (given: Partial<typeof options> = {}) =>
  stock.transaction((tx) => askUndecided(tx, { ...options, ...given }));
const isDue = () => stock.transaction((tx) => isAnyUndecidedDue(tx, options.askAfterMs, 1e10));
/** Lets this many seconds pass for all reservations; a negative number sets the clock back. */
const pass = (seconds: number) =>
  stock.query(
    `UPDATE reservations SET created_at = created_at - $1 * interval '1 second',
            asked_at = asked_at - $1 * interval '1 second'`,
    [seconds],
  );

/** The first saga has all units of the item, so the second waits. */
beforeEach(async () => {
  await stock.addItems({ a: 1 });
  await stock.reserve(checkoutRequested(first, { a: 1 }), checkoutRequested(second, { a: 1 }));
});

test('asks payment about reserved and waiting sagas that have waited for too long, and changes no state', async () => {
  await pass(31);
  expect(await ask()).toEqual([decisionRequested(first), decisionRequested(second)]);
  expect([await stock.stateOf(first), await stock.stateOf(second)]).toEqual(['RESERVED', 'WAITING']);
});

test('asks nothing about a saga that has not waited for so long, or that is decided', async () => {
  await pass(29);
  expect([await ask(), await isDue()]).toEqual([[], false]);
  await stock.settle(paymentCaptured(first), paymentRejected(second));
  await pass(600);
  expect([await ask(), await isDue()]).toEqual([[], false]);
});

test('asks again after 20 seconds, and less often what its questions have not ended, but at least every hour', async () => {
  await pass(31);
  for (let n = 1; n <= 15; n++) {
    expect([n, await isDue(), (await ask()).length]).toEqual([n, true, 2]);
    await pass(19);
    expect([n, await isDue(), await ask()]).toEqual([n, false, []]);
    await pass(2);
  }
  await pass(2_000);
  expect(await ask()).toHaveLength(2);
  await pass(100);
  expect(await ask()).toEqual([]);
  await pass(40);
  expect(await ask()).toHaveLength(2);
  await pass(864_000);
  expect(await ask()).toHaveLength(2);
  await pass(3_590);
  expect(await ask()).toEqual([]);
  await pass(20);
  expect(await ask()).toHaveLength(2);
});

test('while payment does not read its queue, asks about each saga once, and then less and less often', async () => {
  const unread = () => ask({ readingForMs: null });
  await pass(31);
  expect(await unread()).toHaveLength(2);
  await pass(299);
  expect([await isDue(), await unread()]).toEqual([true, []]);
  await pass(2);
  expect(await unread()).toHaveLength(2);
  await pass(36_000);
  expect(await unread()).toHaveLength(2);
  await pass(3_600);
  expect(await unread()).toEqual([]);
});

test('asks about everything once payment reads again, however long and often it has asked before', async () => {
  await pass(864_000);
  expect(await ask()).toHaveLength(2);
  await pass(21);
  expect(await ask()).toEqual([]);
  expect(await ask({ readingForMs: 0 })).toHaveLength(2);
  await pass(21);
  expect(await ask({ readingForMs: 21_000 })).toHaveLength(2);
  // After that the questions become rarer once more.
  await pass(21);
  expect(await ask({ readingForMs: 600_000 })).toEqual([]);
});

test('a clock that is set back delays no question', async () => {
  await pass(-7_200);
  expect(await ask()).toHaveLength(2);
  await pass(-7_200);
  expect(await ask()).toHaveLength(2);
});

test('asks about the longest undecided first, and about no more of each state than its limit', async () => {
  await stock.addItems({ b: 9 });
  await stock.reserve(checkoutRequested(third, { b: 1 }));
  await pass(31);
  expect(await ask({ limit: 1 })).toEqual([decisionRequested(first), decisionRequested(second)]);
  expect(await ask({ limit: 1 })).toEqual([decisionRequested(third)]);
});

test('two replicas that sweep at the same time ask about each saga once', async () => {
  await pass(31);
  const asked = await stock.overlap(
    (tx) => askUndecided(tx, { ...options, limit: 1 }),
    (tx) => askUndecided(tx, options),
  );
  expect(asked.flat()).toHaveLength(2);
});

test('does not wait for a reservation that is being settled', async () => {
  await pass(31);
  const [, asked] = await stock.overlap(
    (tx) =>
      tx.run({ name: 'test_lock', text: `SELECT FROM reservations WHERE state = 'RESERVED' FOR UPDATE` }),
    (tx) => askUndecided(tx, options),
  );
  expect(asked).toEqual([decisionRequested(second)]);
});
