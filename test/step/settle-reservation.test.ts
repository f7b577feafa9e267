import { setTimeout as sleep } from 'node:timers/promises';
import type { SagaEvent } from '../../shared/contract/events';
import { InvariantViolation } from '../../shared/errors';
import type { Step, StepOutcome } from '../../shared/inbox/step';
import { statement } from '../../shared/postgres/statement';
import type { Tx } from '../../shared/postgres/tx';
import { moveStock } from '../../stock/src/http/adjust-stock';
import { serveWaiting } from '../../stock/src/saga/2-reserve-stock/serve-waiting';
import { reserveStock } from '../../stock/src/saga/2-reserve-stock/step';
import { settleReservation } from '../../stock/src/saga/4-settle-reservation/step';
import {
  checkoutRequested,
  type Purchase,
  paymentCaptured,
  paymentRejected,
  purchase,
  stockRejected,
  stockReleased,
} from '../support/events';
import { stockFixture } from './stock-fixture';

const stock = stockFixture();
const [first, second, third] = [purchase(1), purchase(2), purchase(3)];
const settleStep = settleReservation(() => {});

/** Waits until some transaction waits for a lock. */
async function waitForBlocked(): Promise<void> {
  const blocked = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  while ((await stock.query(blocked)).length === 0) {
    await sleep(2);
  }
}

describe('after payment.captured', () => {
  test('the reserved units are sold, line by line, and nothing is published', async () => {
    await stock.addItems({ a: 5, b: 1 });
    await stock.reserve(checkoutRequested(first, { a: 2, b: 1 }));
    const { emit, duplicates } = await stock.settle(paymentCaptured(first));
    expect(emit).toEqual([]);
    expect(duplicates).toBe(0);
    expect(await stock.stateOf(first)).toBe('COMMITTED');
    expect(await stock.units()).toEqual({ a: [3, 0], b: [0, 0] });
    const sales = `SELECT item_id, delta, saga_id FROM stock_ledger WHERE kind = 'sale' ORDER BY item_id`;
    expect(await stock.query(sales)).toEqual([
      { item_id: 'a', delta: -2, saga_id: first.saga_id },
      { item_id: 'b', delta: -1, saga_id: first.saga_id },
    ]);
  });

  test('a duplicate sells nothing more, in the same batch or later', async () => {
    await stock.addItems({ a: 5 });
    await stock.reserve(checkoutRequested(first, { a: 2 }));
    expect((await stock.settle(paymentCaptured(first), paymentCaptured(first))).duplicates).toBe(1);
    expect((await stock.settle(paymentCaptured(first))).duplicates).toBe(1);
    expect(await stock.units()).toEqual({ a: [3, 0] });
  });

  test('a duplicate that another replica handles at the same time sells nothing more', async () => {
    await stock.addItems({ a: 5 });
    await stock.reserve(checkoutRequested(first, { a: 2 }));
    const outcomes = await stock.overlap(
      (tx) => settleStep.run(tx, [paymentCaptured(first)]),
      (tx) => settleStep.run(tx, [paymentCaptured(first)]),
    );
    expect(outcomes.map((outcome) => outcome.duplicates)).toEqual([0, 1]);
    expect(await stock.units()).toEqual({ a: [3, 0] });
  });

  test('of an unknown saga, the whole batch is rolled back as a violation', async () => {
    await stock.addItems({ a: 5 });
    await stock.reserve(checkoutRequested(second, { a: 1 }));
    const batch = stock.settle(paymentCaptured(second), paymentCaptured(first));
    await expect(batch).rejects.toThrow(InvariantViolation);
    expect(await stock.stateOf(second)).toBe('RESERVED');
    expect(await stock.units()).toEqual({ a: [4, 1] });
  });

  test('of a saga that is released, rejected or waiting, nothing changes: it is a violation', async () => {
    await stock.addItems({ a: 1 });
    await stock.settle(paymentRejected(first));
    await stock.reserve(checkoutRequested(second, { a: 9 }));
    await stock.reserve(checkoutRequested(third, { a: 1 }), checkoutRequested(purchase(4), { a: 1 }));
    for (const bought of [first, second, purchase(4)]) {
      await expect(stock.settle(paymentCaptured(bought))).rejects.toThrow(InvariantViolation);
    }
    expect(await stock.stateOf(first)).toBe('RELEASED');
    expect(await stock.stateOf(second)).toBe('REJECTED');
    expect(await stock.stateOf(purchase(4))).toBe('WAITING');
    expect(await stock.units()).toEqual({ a: [0, 1] });
  });
});

describe('after payment.rejected', () => {
  test('the reserved units can be sold again, and the reason is published to order', async () => {
    await stock.addItems({ a: 5, b: 1 });
    await stock.reserve(checkoutRequested(first, { a: 2, b: 1 }));
    const { emit } = await stock.settle(paymentRejected(first, 'insufficient_credit'));
    expect(emit).toEqual([stockReleased(first, 'insufficient_credit')]);
    expect(await stock.stateOf(first)).toBe('RELEASED');
    expect(await stock.units()).toEqual({ a: [5, 0], b: [1, 0] });
    expect(stock.reported).toMatchObject([{ compensated: 1, waitedFor: [] }]);
  });

  test('a duplicate returns no more units, in the same batch or later, and publishes the release each time', async () => {
    await stock.addItems({ a: 5 });
    await stock.reserve(checkoutRequested(first, { a: 2 }));
    const event = paymentRejected(first);
    expect((await stock.settle(event, event)).emit).toEqual([stockReleased(first), stockReleased(first)]);
    expect((await stock.settle(event)).emit).toEqual([stockReleased(first)]);
    expect(await stock.units()).toEqual({ a: [5, 0] });
  });

  test('a duplicate that another replica handles at the same time returns no more units', async () => {
    await stock.addItems({ a: 5 });
    await stock.reserve(checkoutRequested(first, { a: 2 }));
    const outcomes = await stock.overlap(
      (tx) => settleStep.run(tx, [paymentRejected(first)]),
      (tx) => settleStep.run(tx, [paymentRejected(first)]),
    );
    expect(outcomes.map((outcome) => outcome.duplicates)).toEqual([0, 1]);
    expect(await stock.units()).toEqual({ a: [5, 0] });
  });

  test('a checkout that has not arrived yet gets a tombstone, and its release is published to order', async () => {
    const { emit, duplicates } = await stock.settle(paymentRejected(first, 'cancelled'));
    expect(emit).toEqual([stockReleased(first, 'cancelled')]);
    expect(duplicates).toBe(0);
    expect(await stock.stateOf(first)).toBe('RELEASED');
    expect(stock.reported).toMatchObject([{ compensated: 0, waitedFor: [] }]);
  });

  test('a checkout request that arrives at the same time and is first is released after all', async () => {
    await stock.addItems({ a: 5 });
    const [, settled] = await stock.overlap(
      (tx) => reserveStock.run(tx, [checkoutRequested(first, { a: 2 })]),
      (tx) => settleStep.run(tx, [paymentRejected(first, 'cancelled')]),
    );
    expect(settled.emit).toEqual([stockReleased(first, 'cancelled')]);
    expect(await stock.units()).toEqual({ a: [5, 0] });
  });

  test('a checkout request that arrives at the same time and is second reserves nothing', async () => {
    await stock.addItems({ a: 5 });
    const [, requested] = await stock.overlap(
      (tx) => settleStep.run(tx, [paymentRejected(first, 'cancelled')]),
      (tx) => reserveStock.run(tx, [checkoutRequested(first, { a: 2 })]),
    );
    expect(requested.emit).toEqual([stockReleased(first, 'cancelled')]);
    expect(await stock.units()).toEqual({ a: [5, 0] });
  });

  test('a rejected checkout stays rejected, and its first reason is published again', async () => {
    await stock.addItems({ a: 1 });
    await stock.reserve(checkoutRequested(first, { a: 2 }));
    const { emit, duplicates } = await stock.settle(paymentRejected(first, 'cancelled'));
    expect(emit).toEqual([stockRejected(first, 'out_of_stock')]);
    expect(duplicates).toBe(1);
    expect(await stock.stateOf(first)).toBe('REJECTED');
  });

  test('of a sold saga, which payment has forgotten, stays sold, is told to order, and is reported', async () => {
    await stock.addItems({ a: 5 });
    await stock.reserve(checkoutRequested(first, { a: 2 }));
    await stock.settle(paymentCaptured(first));
    for (const _ of ['once', 'again']) {
      const { emit, duplicates } = await stock.settle(paymentRejected(first, 'cancelled'));
      expect([emit, duplicates]).toEqual([[stockReleased(first, 'cancelled')], 0]);
      expect(stock.reported.at(-1)).toMatchObject({ compensated: 0, forgotten: [first.saga_id] });
    }
    expect(await stock.stateOf(first)).toBe('COMMITTED');
    expect(await stock.units()).toEqual({ a: [3, 0] });
  });
});

test('one batch can sell, release and write a tombstone, even for the same items', async () => {
  await stock.addItems({ a: 6, b: 6 });
  await stock.reserve(
    checkoutRequested(first, { a: 1, b: 2 }),
    checkoutRequested(second, { a: 2, b: 1 }),
    checkoutRequested(third, { b: 3 }),
  );
  const { emit } = await stock.settle(
    paymentCaptured(first),
    paymentRejected(second),
    paymentCaptured(third),
    paymentRejected(purchase(4), 'cancelled'),
  );
  expect(emit).toEqual([stockReleased(second), stockReleased(purchase(4), 'cancelled')]);
  expect(await stock.units()).toEqual({ a: [5, 0], b: [1, 0] });
});

test('replicas that settle and reserve the same items at the same time neither deadlock nor lose a unit', async () => {
  await stock.addItems({ a: 100, b: 100 });
  const early = Array.from({ length: 30 }, (_, n) => purchase(n));
  const late = Array.from({ length: 30 }, (_, n) => purchase(100 + n));
  const wanted = (n: number) => (n % 2 ? { a: 1, b: 1 } : { b: 1, a: 1 });
  await stock.reserve(...early.map((bought, n) => checkoutRequested(bought, wanted(n))));
  await Promise.all([
    ...early.map((bought, n) => stock.settle((n % 3 ? paymentCaptured : paymentRejected)(bought))),
    ...late.map((bought, n) => stock.reserve(checkoutRequested(bought, wanted(n)))),
  ]);
  expect(await stock.units()).toEqual({ a: [50, 30], b: [50, 30] });
});

test('a checkout that arrives while the saga ahead of it is being cancelled does not wait for nothing', async () => {
  await stock.addItems({ a: 3 });
  await stock.reserve(checkoutRequested(first, { a: 2 }), checkoutRequested(second, { a: 2 }));
  expect(await stock.stateOf(second)).toBe('WAITING');
  await stock.overlap(
    (tx) => settleStep.run(tx, [paymentRejected(second, 'cancelled')]),
    (tx) => reserveStock.run(tx, [checkoutRequested(third, { a: 1 })]),
  );
  expect(await stock.stateOf(third)).toBe('RESERVED');
});

test('batches that settle and reserve many items in opposite order wait for each other, and none runs twice', async () => {
  const names = Array.from({ length: 40 }, (_, n) => `item-${n}`);
  await stock.addItems(Object.fromEntries(names.map((name) => [name, 100])));
  const lines = (n: number) =>
    Object.fromEntries((n % 2 ? names : names.toReversed()).map((name) => [name, 1]));
  const batch = (from: number) => Array.from({ length: 5 }, (_, n) => purchase(from + n));
  const request = (bought: Purchase, n: number) => checkoutRequested(bought, lines(n));
  const early = Array.from({ length: 8 }, (_, b) => batch(100 * b));
  for (const bought of early) {
    await stock.reserve(...bought.map(request));
  }

  let runs = 0;
  const run = (step: Step, events: SagaEvent[]) =>
    stock.transaction((tx) => {
      runs++;
      return step.run(tx, events);
    });
  await Promise.all(
    early.flatMap((bought, b) => [
      run(
        settleStep,
        bought.map((item, n) => (n % 2 ? paymentCaptured(item) : paymentRejected(item))),
      ),
      run(reserveStock, batch(1_000 + 100 * b).map(request)),
    ]),
  );
  expect(runs).toBe(2 * early.length);
});

describe('while the last units are being sold', () => {
  const newcomer = checkoutRequested(second, { a: 1 });
  let waitedFor: string[];
  const sell = settleReservation((settled) => {
    waitedFor = [...settled.waitedFor];
  });
  beforeEach(async () => {
    waitedFor = [];
    await stock.addItems({ a: 1 });
    await stock.reserve(checkoutRequested(first, { a: 1 }));
  });

  test('a new checkout is refused and does not wait for units that are sold', async () => {
    const [, arrived] = await stock.overlap(
      (tx) => sell.run(tx, [paymentCaptured(first)]),
      (tx) => reserveStock.run(tx, [newcomer]),
    );
    expect(arrived.emit).toEqual([stockRejected(second)]);
    expect(await stock.stateOf(second)).toBe('REJECTED');
  });

  test('the sale sees a checkout that began to wait just before', async () => {
    const [, sold] = await stock.overlap(
      (tx) => reserveStock.run(tx, [newcomer]),
      (tx) => sell.run(tx, [paymentCaptured(first)]),
    );
    expect(await stock.stateOf(second)).toBe('WAITING');
    await sold.afterCommit?.();
    expect(waitedFor).toEqual(['a']);
    expect(await stock.serve(...waitedFor)).toEqual([stockRejected(second)]);
  });

  test('a waiting checkout that is served then is refused', async () => {
    await stock.reserve(newcomer);
    const [, served] = await stock.overlap(
      (tx) => sell.run(tx, [paymentCaptured(first)]),
      (tx) => serveWaiting(tx, ['a']),
    );
    expect(served.emit).toEqual([stockRejected(second)]);
  });

  test('the sale sees a checkout that was served just before and still waits', async () => {
    await stock.reserve(newcomer);
    const [served, sold] = await stock.overlap(
      (tx) => serveWaiting(tx, ['a']),
      (tx) => sell.run(tx, [paymentCaptured(first)]),
    );
    expect(served.emit).toEqual([]);
    await sold.afterCommit?.();
    expect(waitedFor).toEqual(['a']);
  });

  test('a new checkout waits and is not refused when the sale fails', async () => {
    let arrived: Promise<StepOutcome> | undefined;
    const sale = stock.transaction(async (tx) => {
      await sell.run(tx, [paymentCaptured(first)]);
      arrived = stock.reserve(newcomer);
      await waitForBlocked();
      throw new Error('the sale fails');
    });
    await expect(sale).rejects.toThrow('the sale fails');
    expect((await arrived)?.emit).toEqual([]);
    expect(await stock.stateOf(second)).toBe('WAITING');
  });
});

test('a sale does not wait for a transaction that has its items locked', async () => {
  await stock.addItems({ a: 2 });
  await stock.reserve(checkoutRequested(first, { a: 1 }));
  // If the sale waited, neither would end.
  await stock.transaction(async (tx) => {
    await moveStock(tx, 'a', 1);
    await stock.settle(paymentCaptured(first));
  });
  expect(await stock.stateOf(first)).toBe('COMMITTED');
  expect(await stock.units()).toEqual({ a: [2, 0] });
});

test.each<[string, () => Promise<unknown>]>([
  ['a sale', () => stock.settle(...[third, first, second].map((bought) => paymentCaptured(bought)))],
  ['a count of reserved units', () => stock.reserve(checkoutRequested(purchase(4), { a: 1 }))],
])('%s locks reservations in the order of their ids, in whatever order they arrived', async (_, act) => {
  await stock.addItems({ a: 3 });
  await stock.reserve(...[third, first, second].map((bought) => checkoutRequested(bought, { a: 1 })));
  const lock = statement('test_lock', 'SELECT FROM reservations WHERE saga_id = $1 FOR NO KEY UPDATE');
  const unlocked = 'SELECT saga_id FROM reservations FOR NO KEY UPDATE SKIP LOCKED';
  let action: Promise<unknown> | undefined;
  await stock.transaction(async (tx) => {
    await tx.run(lock, [second.saga_id]);
    action = act();
    await waitForBlocked();
    expect(await stock.query(unlocked)).toEqual([{ saga_id: third.saga_id }]);
  });
  await action;
});

test('replicas that sell, release, serve and count reserved units wait for each other, and none runs twice', async () => {
  const BATCHES = 12;
  await stock.addItems({ a: 600, b: 600 });
  const wanted = (n: number) => (n % 2 ? { a: 1, b: 1 } : { b: 1, a: 1 });
  const early = Array.from({ length: 600 }, (_, n) => purchase(n));
  // They arrive in another order than that of their ids, so that no two scans visit them in the same order by chance.
  await stock.reserve(...early.toReversed().map((bought, n) => checkoutRequested(bought, wanted(n))));

  let runs = 0;
  const countRun = <T>(work: (tx: Tx) => Promise<T>) =>
    stock.transaction((tx) => {
      runs++;
      return work(tx);
    });
  await Promise.all(
    Array.from({ length: BATCHES }, (_, b) => {
      const payments = early
        .filter((_, n) => n % BATCHES === b)
        .map((bought, n) => (b % 4 || n % 2 ? paymentCaptured(bought) : paymentRejected(bought)));
      return [
        countRun((tx) => settleStep.run(tx, payments)),
        countRun((tx) => reserveStock.run(tx, [checkoutRequested(purchase(1_000 + b), wanted(b))])),
        countRun((tx) => serveWaiting(tx, ['a', 'b'])),
      ];
    }).flat(),
  );
  expect(runs).toBe(3 * BATCHES);
});

test('an event that does not settle a reservation is a violation', async () => {
  await expect(stock.settle(stockRejected(first))).rejects.toThrow(InvariantViolation);
});
