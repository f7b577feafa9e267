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
import { stockBench } from './stock';

const stock = stockBench();
const [first, second, third] = [purchase(1), purchase(2), purchase(3)];
const settleStep = settleReservation(() => {});

/** Resolves once some transaction waits for a lock. */
async function someoneWaits(): Promise<void> {
  const waits = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  while ((await stock.query(waits)).length === 0) {
    await sleep(2);
  }
}

describe('after payment.captured', () => {
  test('what was set aside is sold, line by line, and nothing more is told', async () => {
    await stock.shelve({ a: 5, b: 1 });
    await stock.reserve(checkoutRequested(first, { a: 2, b: 1 }));
    const { emit, duplicates } = await stock.settle(paymentCaptured(first));
    expect(emit).toEqual([]);
    expect(duplicates).toBe(0);
    expect(await stock.stateOf(first)).toBe('COMMITTED');
    expect(await stock.shelves()).toEqual({ a: [3, 0], b: [0, 0] });
    const sales = `SELECT item_id, delta, saga_id FROM stock_ledger WHERE kind = 'sale' ORDER BY item_id`;
    expect(await stock.query(sales)).toEqual([
      { item_id: 'a', delta: -2, saga_id: first.saga_id },
      { item_id: 'b', delta: -1, saga_id: first.saga_id },
    ]);
  });

  test('a duplicate sells nothing more, in a batch or after it', async () => {
    await stock.shelve({ a: 5 });
    await stock.reserve(checkoutRequested(first, { a: 2 }));
    expect((await stock.settle(paymentCaptured(first), paymentCaptured(first))).duplicates).toBe(1);
    expect((await stock.settle(paymentCaptured(first))).duplicates).toBe(1);
    expect(await stock.shelves()).toEqual({ a: [3, 0] });
  });

  test('a duplicate that another replica handles at the same time sells nothing more', async () => {
    await stock.shelve({ a: 5 });
    await stock.reserve(checkoutRequested(first, { a: 2 }));
    const outcomes = await stock.overlap(
      (tx) => settleStep.run(tx, [paymentCaptured(first)]),
      (tx) => settleStep.run(tx, [paymentCaptured(first)]),
    );
    expect(outcomes.map((outcome) => outcome.duplicates)).toEqual([0, 1]);
    expect(await stock.shelves()).toEqual({ a: [3, 0] });
  });

  test('of a saga that stock never heard of, it must never be: nothing changes', async () => {
    await stock.shelve({ a: 5 });
    await stock.reserve(checkoutRequested(second, { a: 1 }));
    const batch = stock.settle(paymentCaptured(second), paymentCaptured(first));
    await expect(batch).rejects.toThrow(InvariantViolation);
    expect(await stock.stateOf(second)).toBe('RESERVED');
    expect(await stock.shelves()).toEqual({ a: [4, 1] });
  });

  test('of a saga that was released, refused or waits, it must never be: nothing changes', async () => {
    await stock.shelve({ a: 1 });
    await stock.settle(paymentRejected(first));
    await stock.reserve(checkoutRequested(second, { a: 9 }));
    await stock.reserve(checkoutRequested(third, { a: 1 }), checkoutRequested(purchase(4), { a: 1 }));
    for (const bought of [first, second, purchase(4)]) {
      await expect(stock.settle(paymentCaptured(bought))).rejects.toThrow(InvariantViolation);
    }
    expect(await stock.stateOf(first)).toBe('RELEASED');
    expect(await stock.stateOf(second)).toBe('REJECTED');
    expect(await stock.stateOf(purchase(4))).toBe('WAITING');
    expect(await stock.shelves()).toEqual({ a: [0, 1] });
  });
});

describe('after payment.rejected', () => {
  test('what was set aside can be sold again, and order hears why', async () => {
    await stock.shelve({ a: 5, b: 1 });
    await stock.reserve(checkoutRequested(first, { a: 2, b: 1 }));
    const { emit } = await stock.settle(paymentRejected(first, 'insufficient_credit'));
    expect(emit).toEqual([stockReleased(first, 'insufficient_credit')]);
    expect(await stock.stateOf(first)).toBe('RELEASED');
    expect(await stock.shelves()).toEqual({ a: [5, 0], b: [1, 0] });
    expect(stock.told).toEqual([{ compensated: 1, itemIds: [] }]);
  });

  test('a duplicate gives nothing more back, in a batch or after it, and is answered each time', async () => {
    await stock.shelve({ a: 5 });
    await stock.reserve(checkoutRequested(first, { a: 2 }));
    const event = paymentRejected(first);
    expect((await stock.settle(event, event)).emit).toEqual([stockReleased(first), stockReleased(first)]);
    expect((await stock.settle(event)).emit).toEqual([stockReleased(first)]);
    expect(await stock.shelves()).toEqual({ a: [5, 0] });
  });

  test('a duplicate that another replica handles at the same time gives nothing more back', async () => {
    await stock.shelve({ a: 5 });
    await stock.reserve(checkoutRequested(first, { a: 2 }));
    const outcomes = await stock.overlap(
      (tx) => settleStep.run(tx, [paymentRejected(first)]),
      (tx) => settleStep.run(tx, [paymentRejected(first)]),
    );
    expect(outcomes.map((outcome) => outcome.duplicates)).toEqual([0, 1]);
    expect(await stock.shelves()).toEqual({ a: [5, 0] });
  });

  test('a checkout that has not arrived yet is remembered as released, and order hears so', async () => {
    const { emit, duplicates } = await stock.settle(paymentRejected(first, 'cancelled'));
    expect(emit).toEqual([stockReleased(first, 'cancelled')]);
    expect(duplicates).toBe(0);
    expect(await stock.stateOf(first)).toBe('RELEASED');
    expect(stock.told).toEqual([{ compensated: 0, itemIds: [] }]);
  });

  test('a request that arrives at the same moment, and is first, is released after all', async () => {
    await stock.shelve({ a: 5 });
    const [, settled] = await stock.overlap(
      (tx) => reserveStock.run(tx, [checkoutRequested(first, { a: 2 })]),
      (tx) => settleStep.run(tx, [paymentRejected(first, 'cancelled')]),
    );
    expect(settled.emit).toEqual([stockReleased(first, 'cancelled')]);
    expect(await stock.shelves()).toEqual({ a: [5, 0] });
  });

  test('a request that arrives at the same moment, and is second, reserves nothing', async () => {
    await stock.shelve({ a: 5 });
    const [, requested] = await stock.overlap(
      (tx) => settleStep.run(tx, [paymentRejected(first, 'cancelled')]),
      (tx) => reserveStock.run(tx, [checkoutRequested(first, { a: 2 })]),
    );
    expect(requested.emit).toEqual([stockReleased(first, 'cancelled')]);
    expect(await stock.shelves()).toEqual({ a: [5, 0] });
  });

  test('a checkout that was refused stays refused, and order hears the first reason again', async () => {
    await stock.shelve({ a: 1 });
    await stock.reserve(checkoutRequested(first, { a: 2 }));
    const { emit, duplicates } = await stock.settle(paymentRejected(first, 'cancelled'));
    expect(emit).toEqual([stockRejected(first, 'out_of_stock')]);
    expect(duplicates).toBe(1);
    expect(await stock.stateOf(first)).toBe('REJECTED');
  });

  test('of a saga that was sold, it must never be: nothing changes', async () => {
    await stock.shelve({ a: 5 });
    await stock.reserve(checkoutRequested(first, { a: 2 }));
    await stock.settle(paymentCaptured(first));
    await expect(stock.settle(paymentRejected(first))).rejects.toThrow(InvariantViolation);
    expect(await stock.stateOf(first)).toBe('COMMITTED');
    expect(await stock.shelves()).toEqual({ a: [3, 0] });
  });
});

test('a batch sells, gives back and remembers at once, also where they share an item', async () => {
  await stock.shelve({ a: 6, b: 6 });
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
  expect(await stock.shelves()).toEqual({ a: [5, 0], b: [1, 0] });
});

test('replicas that settle and reserve the same items at once neither deadlock nor lose a unit', async () => {
  await stock.shelve({ a: 100, b: 100 });
  const early = Array.from({ length: 30 }, (_, n) => purchase(n));
  const late = Array.from({ length: 30 }, (_, n) => purchase(100 + n));
  const wanted = (n: number) => (n % 2 ? { a: 1, b: 1 } : { b: 1, a: 1 });
  await stock.reserve(...early.map((bought, n) => checkoutRequested(bought, wanted(n))));
  await Promise.all([
    ...early.map((bought, n) => stock.settle((n % 3 ? paymentCaptured : paymentRejected)(bought))),
    ...late.map((bought, n) => stock.reserve(checkoutRequested(bought, wanted(n)))),
  ]);
  expect(await stock.shelves()).toEqual({ a: [50, 30], b: [50, 30] });
});

test('who comes while the one ahead in the queue is being cancelled is not left waiting for nothing', async () => {
  await stock.shelve({ a: 3 });
  await stock.reserve(checkoutRequested(first, { a: 2 }), checkoutRequested(second, { a: 2 }));
  expect(await stock.stateOf(second)).toBe('WAITING');
  await stock.overlap(
    (tx) => settleStep.run(tx, [paymentRejected(second, 'cancelled')]),
    (tx) => reserveStock.run(tx, [checkoutRequested(third, { a: 1 })]),
  );
  expect(await stock.stateOf(third)).toBe('RESERVED');
});

test('batches that settle and reserve many items the other way round wait for each other, and none has to run again', async () => {
  const names = Array.from({ length: 40 }, (_, n) => `item-${n}`);
  await stock.shelve(Object.fromEntries(names.map((name) => [name, 100])));
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
        bought.map((one, n) => (n % 2 ? paymentCaptured(one) : paymentRejected(one))),
      ),
      run(reserveStock, batch(1_000 + 100 * b).map(request)),
    ]),
  );
  expect(runs).toBe(2 * early.length);
});

describe('while the last units are being sold', () => {
  const newcomer = checkoutRequested(second, { a: 1 });
  let news: string[];
  const sell = settleReservation((_, itemIds) => {
    news = itemIds;
  });
  beforeEach(async () => {
    news = [];
    await stock.shelve({ a: 1 });
    await stock.reserve(checkoutRequested(first, { a: 1 }));
  });

  test('who comes for them is refused, and does not wait for what is gone', async () => {
    const [, arrived] = await stock.overlap(
      (tx) => sell.run(tx, [paymentCaptured(first)]),
      (tx) => reserveStock.run(tx, [newcomer]),
    );
    expect(arrived.emit).toEqual([stockRejected(second)]);
    expect(await stock.stateOf(second)).toBe('REJECTED');
  });

  test('who decided to wait for them just before is seen by the sale', async () => {
    const [, sold] = await stock.overlap(
      (tx) => reserveStock.run(tx, [newcomer]),
      (tx) => sell.run(tx, [paymentCaptured(first)]),
    );
    expect(await stock.stateOf(second)).toBe('WAITING');
    await sold.afterCommit?.();
    expect(news).toEqual(['a']);
    expect(await stock.serve(...news)).toEqual([stockRejected(second)]);
  });

  test('who has waited for them and is looked at is refused', async () => {
    await stock.reserve(newcomer);
    const [, served] = await stock.overlap(
      (tx) => sell.run(tx, [paymentCaptured(first)]),
      (tx) => serveWaiting(tx, ['a']),
    );
    expect(served.emit).toEqual([stockRejected(second)]);
  });

  test('who was looked at just before, and waits on, is seen by the sale', async () => {
    await stock.reserve(newcomer);
    const [served, sold] = await stock.overlap(
      (tx) => serveWaiting(tx, ['a']),
      (tx) => sell.run(tx, [paymentCaptured(first)]),
    );
    expect(served.emit).toEqual([]);
    await sold.afterCommit?.();
    expect(news).toEqual(['a']);
  });

  test('who comes for them waits, and is not refused, when the sale fails after all', async () => {
    let arrived: Promise<StepOutcome> | undefined;
    const sale = stock.transaction(async (tx) => {
      await sell.run(tx, [paymentCaptured(first)]);
      arrived = stock.reserve(newcomer);
      await someoneWaits();
      throw new Error('the sale fails');
    });
    await expect(sale).rejects.toThrow('the sale fails');
    expect((await arrived)?.emit).toEqual([]);
    expect(await stock.stateOf(second)).toBe('WAITING');
  });
});

test('a sale waits for nobody who has its items locked', async () => {
  await stock.shelve({ a: 2 });
  await stock.reserve(checkoutRequested(first, { a: 1 }));
  // Did it wait, neither would end.
  await stock.transaction(async (tx) => {
    await moveStock(tx, 'a', 1);
    await stock.settle(paymentCaptured(first));
  });
  expect(await stock.stateOf(first)).toBe('COMMITTED');
  expect(await stock.shelves()).toEqual({ a: [2, 0] });
});

test.each<[string, () => Promise<unknown>]>([
  ['sells them', () => stock.settle(...[third, first, second].map((bought) => paymentCaptured(bought)))],
  ['counts what they hold', () => stock.reserve(checkoutRequested(purchase(4), { a: 1 }))],
])('who %s locks reservations in the order of their ids, whatever order they came in', async (_, act) => {
  await stock.shelve({ a: 3 });
  await stock.reserve(...[third, first, second].map((bought) => checkoutRequested(bought, { a: 1 })));
  const lock = statement('test_lock', 'SELECT FROM reservations WHERE saga_id = $1 FOR NO KEY UPDATE');
  const unlocked = 'SELECT saga_id FROM reservations FOR NO KEY UPDATE SKIP LOCKED';
  let acting: Promise<unknown> | undefined;
  await stock.transaction(async (tx) => {
    await tx.run(lock, [second.saga_id]);
    acting = act();
    await someoneWaits();
    expect(await stock.query(unlocked)).toEqual([{ saga_id: third.saga_id }]);
  });
  await acting;
});

test('replicas that sell, give back, serve, and count what is held wait for each other, and none has to run again', async () => {
  const BATCHES = 12;
  await stock.shelve({ a: 600, b: 600 });
  const wanted = (n: number) => (n % 2 ? { a: 1, b: 1 } : { b: 1, a: 1 });
  const early = Array.from({ length: 600 }, (_, n) => purchase(n));
  // They come in another order than that of their ids, so that no two ways to go through them are the same by chance.
  await stock.reserve(...early.toReversed().map((bought, n) => checkoutRequested(bought, wanted(n))));

  let runs = 0;
  const once = <T>(work: (tx: Tx) => Promise<T>) =>
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
        once((tx) => settleStep.run(tx, payments)),
        once((tx) => reserveStock.run(tx, [checkoutRequested(purchase(1_000 + b), wanted(b))])),
        once((tx) => serveWaiting(tx, ['a', 'b'])),
      ];
    }).flat(),
  );
  expect(runs).toBe(3 * BATCHES);
});

test('an event that settles no reservation changes nothing', async () => {
  await expect(stock.settle(stockRejected(first))).rejects.toThrow(InvariantViolation);
});
