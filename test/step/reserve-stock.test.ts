import { InvariantViolation } from '../../shared/errors';
import { moveStock } from '../../stock/src/http/adjust-stock';
import { Allocation } from '../../stock/src/saga/2-reserve-stock/allocation';
import { reserveStock } from '../../stock/src/saga/2-reserve-stock/step';
import {
  checkoutRequested,
  paymentCaptured,
  paymentRejected,
  purchase,
  stockRejected,
  stockReleased,
  stockReserved,
} from '../support/events';
import { stockBench } from './stock';

const stock = stockBench();
const [first, second, third] = [purchase(1), purchase(2), purchase(3)];

test('sets every line aside and tells payment', async () => {
  await stock.shelve({ a: 5, b: 1 });
  const { emit, duplicates } = await stock.reserve(checkoutRequested(first, { a: 2, b: 1 }));
  expect(emit).toEqual([stockReserved(first)]);
  expect(duplicates).toBe(0);
  expect(await stock.shelves()).toEqual({ a: [3, 2], b: [0, 1] });
  expect(await stock.stateOf(first)).toBe('RESERVED');
});

test('refuses the whole checkout when one item is short', async () => {
  await stock.shelve({ a: 5, b: 1 });
  const { emit } = await stock.reserve(checkoutRequested(first, { a: 2, b: 2 }));
  expect(emit).toEqual([stockRejected(first, 'out_of_stock')]);
  expect(await stock.shelves()).toEqual({ a: [5, 0], b: [1, 0] });
  expect(await stock.stateOf(first)).toBe('REJECTED');
});

test('refuses the whole checkout when one item does not exist', async () => {
  await stock.shelve({ a: 5 });
  const { emit } = await stock.reserve(checkoutRequested(first, { a: 2, nowhere: 1 }));
  expect(emit).toEqual([stockRejected(first, 'unknown_item')]);
  expect(await stock.shelves()).toEqual({ a: [5, 0] });
});

test('a refusal in a batch takes nothing from the others', async () => {
  await stock.shelve({ a: 5, b: 1 });
  const { emit } = await stock.reserve(
    checkoutRequested(first, { a: 2 }),
    checkoutRequested(second, { a: 1, b: 9 }),
    checkoutRequested(third, { a: 3, b: 1 }),
  );
  expect(emit).toEqual([stockReserved(first), stockRejected(second), stockReserved(third)]);
  expect(await stock.shelves()).toEqual({ a: [0, 5], b: [0, 1] });
});

test('sums of a batch beyond what 32 bits hold are exact', async () => {
  await stock.shelve({ a: Number.MAX_SAFE_INTEGER });
  const most = 2 ** 52;
  await stock.reserve(checkoutRequested(first, { a: most }), checkoutRequested(second, { a: most - 2 }));
  expect(await stock.shelves()).toEqual({ a: [1, Number.MAX_SAFE_INTEGER - 1] });
});

describe('a duplicate', () => {
  test('of a reservation is answered again and holds nothing more', async () => {
    await stock.shelve({ a: 5 });
    const event = checkoutRequested(first, { a: 2 });
    await stock.reserve(event);
    const { emit, duplicates } = await stock.reserve(event);
    expect(emit).toEqual([stockReserved(first)]);
    expect(duplicates).toBe(1);
    expect(await stock.shelves()).toEqual({ a: [3, 2] });
  });

  test('within one batch holds nothing more', async () => {
    await stock.shelve({ a: 5 });
    const event = checkoutRequested(first, { a: 2 });
    const { emit, duplicates } = await stock.reserve(event, event, event);
    expect(emit).toEqual([stockReserved(first), stockReserved(first), stockReserved(first)]);
    expect(duplicates).toBe(2);
    expect(await stock.shelves()).toEqual({ a: [3, 2] });
  });

  test('that is handled by another replica at the same time holds nothing more', async () => {
    await stock.shelve({ a: 5 });
    const event = checkoutRequested(first, { a: 2 });
    const outcomes = await stock.overlap(
      (tx) => reserveStock.run(tx, [event]),
      (tx) => reserveStock.run(tx, [event]),
    );
    expect(outcomes.map((outcome) => outcome.emit)).toEqual([[stockReserved(first)], [stockReserved(first)]]);
    expect(outcomes.map((outcome) => outcome.duplicates)).toEqual([0, 1]);
    expect(await stock.shelves()).toEqual({ a: [3, 2] });
  });

  test('of a refusal of an unknown item, where there is no row to lock, is refused once', async () => {
    const event = checkoutRequested(first, { nowhere: 1 });
    const outcomes = await stock.overlap(
      (tx) => reserveStock.run(tx, [event]),
      (tx) => reserveStock.run(tx, [event]),
    );
    const refusal = [stockRejected(first, 'unknown_item')];
    expect(outcomes.map((outcome) => outcome.emit)).toEqual([refusal, refusal]);
  });

  test('of a refusal is refused again, even when there is stock by now', async () => {
    await stock.shelve({ a: 1 });
    const event = checkoutRequested(first, { a: 2 });
    await stock.reserve(event);
    await stock.transaction((tx) => moveStock(tx, 'a', 10));
    expect((await stock.reserve(event)).emit).toEqual([stockRejected(first)]);
    expect(await stock.shelves()).toEqual({ a: [11, 0] });
  });

  test('of a sold checkout tells payment again, which answers what it recorded', async () => {
    await stock.shelve({ a: 5 });
    const event = checkoutRequested(first, { a: 2 });
    await stock.reserve(event);
    await stock.settle(paymentCaptured(first));
    expect((await stock.reserve(event)).emit).toEqual([stockReserved(first)]);
    expect(await stock.shelves()).toEqual({ a: [3, 0] });
  });

  test('of a released checkout reserves nothing again', async () => {
    await stock.shelve({ a: 5 });
    const event = checkoutRequested(first, { a: 2 });
    await stock.reserve(event);
    await stock.settle(paymentRejected(first));
    expect((await stock.reserve(event)).emit).toEqual([stockReleased(first)]);
    expect(await stock.shelves()).toEqual({ a: [5, 0] });
  });

  test('of one that waits says nothing, and does not lose its place', async () => {
    await stock.shelve({ a: 1 });
    await stock.reserve(checkoutRequested(first, { a: 1 }), checkoutRequested(second, { a: 1 }));
    await stock.reserve(checkoutRequested(third, { a: 1 }));
    const { emit, duplicates } = await stock.reserve(checkoutRequested(second, { a: 1 }));
    expect(emit).toEqual([]);
    expect(duplicates).toBe(1);
    await stock.settle(paymentRejected(first));
    expect(await stock.serve('a')).toEqual([stockReserved(second)]);
  });
});

test('reserves nothing for a checkout that payment refused before the request arrived', async () => {
  await stock.shelve({ a: 5 });
  await stock.settle(paymentRejected(first, 'cancelled'));
  const { emit, duplicates } = await stock.reserve(checkoutRequested(first, { a: 2 }));
  expect(emit).toEqual([stockReleased(first, 'cancelled')]);
  expect(duplicates).toBe(1);
  expect(await stock.shelves()).toEqual({ a: [5, 0] });
});

describe('when a line is short now', () => {
  test('the checkout waits, and says nothing, while what is held would do', async () => {
    await stock.shelve({ a: 3, b: 1 });
    await stock.reserve(checkoutRequested(first, { a: 2 }));
    const { emit } = await stock.reserve(checkoutRequested(second, { a: 3, b: 1 }));
    expect(emit).toEqual([]);
    expect(await stock.stateOf(second)).toBe('WAITING');
    expect(await stock.shelves()).toEqual({ a: [1, 2], b: [1, 0] });
  });

  test('who waits in the same batch waits too, instead of being refused', async () => {
    await stock.shelve({ a: 1 });
    const { emit } = await stock.reserve(
      checkoutRequested(first, { a: 1 }),
      checkoutRequested(second, { a: 1 }),
    );
    expect(emit).toEqual([stockReserved(first)]);
    expect(await stock.stateOf(second)).toBe('WAITING');
  });

  test('who comes later stands behind, although there is enough for them', async () => {
    await stock.shelve({ a: 3 });
    await stock.reserve(checkoutRequested(first, { a: 2 }));
    await stock.reserve(checkoutRequested(second, { a: 2 }));
    const { emit } = await stock.reserve(checkoutRequested(third, { a: 1 }));
    expect(emit).toEqual([]);
    expect(await stock.stateOf(third)).toBe('WAITING');
    expect(await stock.shelves()).toEqual({ a: [1, 2] });
  });

  test('who wants other items is not held up', async () => {
    await stock.shelve({ a: 1, b: 1 });
    await stock.reserve(checkoutRequested(first, { a: 1 }), checkoutRequested(second, { a: 1 }));
    expect((await stock.reserve(checkoutRequested(third, { b: 1 }))).emit).toEqual([stockReserved(third)]);
  });
});

describe('what undecided sagas hold', () => {
  const newcomer = checkoutRequested(third, { a: 1, b: 1 });
  const reservingAsks = async () => {
    const asked: string[] = [];
    await stock.transaction((tx) =>
      reserveStock.run(
        {
          run(statement, values) {
            asked.push(statement.name);
            return tx.run(statement, values);
          },
          send(statement, values) {
            asked.push(statement.name);
            tx.send(statement, values);
          },
        },
        [newcomer, newcomer],
      ),
    );
    return asked;
  };
  const usual = ['take_items', 'read_reservations', 'read_waited_for'];

  test('is looked up by nobody who finds enough', async () => {
    await stock.shelve({ a: 3, b: 3 });
    await stock.reserve(checkoutRequested(first, { a: 2 }), checkoutRequested(second, { b: 2 }));
    expect(await reservingAsks()).toEqual([...usual, 'record_reservations']);
  });

  test('is looked up by whoever finds too little', async () => {
    await stock.shelve({ a: 2, b: 3 });
    await stock.reserve(checkoutRequested(first, { a: 2 }), checkoutRequested(second, { b: 2 }));
    expect(await reservingAsks()).toEqual([...usual, 'read_held', 'record_reservations', 'return_items']);
  });

  test('is looked up by whoever finds too little behind those who wait', async () => {
    await stock.shelve({ a: 4, b: 3 });
    await stock.reserve(checkoutRequested(first, { a: 1 }), checkoutRequested(second, { a: 4 }));
    expect(await reservingAsks()).toEqual([...usual, 'read_held', 'record_reservations', 'return_items']);
    expect(await stock.stateOf(third)).toBe('WAITING');
  });

  test('must be known before anybody is refused or waits: nobody is judged by a guess', () => {
    const shelves = new Allocation([{ id: 'a', available: 1 }], [{ item_id: 'b', quantity: 9 }]);
    expect(() => shelves.claim([{ item_id: 'a', quantity: 2 }])).toThrow(InvariantViolation);
    expect(shelves.claim([{ item_id: 'a', quantity: 1 }])).toEqual({ state: 'RESERVED', reason: null });
  });

  test('is counted by two replicas at once, and neither waits for the other', async () => {
    await stock.shelve({ a: 1, b: 1 });
    await stock.reserve(checkoutRequested(first, { a: 1, b: 1 }));
    // Did the second wait, neither would end.
    await stock.transaction(async (tx) => {
      await reserveStock.run(tx, [checkoutRequested(second, { a: 1 })]);
      await stock.reserve(checkoutRequested(third, { b: 1 }));
    });
    expect([await stock.stateOf(second), await stock.stateOf(third)]).toEqual(['WAITING', 'WAITING']);
  });
});

test('twenty buyers on two replicas, items named in any order, get exactly the ten units there are', async () => {
  await stock.shelve({ a: 10, b: 10 });
  const buyers = Array.from({ length: 20 }, (_, n) => purchase(n));
  const events = buyers.map((buyer, n) => checkoutRequested(buyer, n % 2 ? { a: 1, b: 1 } : { b: 1, a: 1 }));
  const outcomes = await Promise.all(events.map((event) => stock.reserve(event)));
  const told = outcomes.flatMap((outcome) => outcome.emit);
  expect(told.map((event) => event.type)).toEqual(Array(10).fill('stock.reserved'));
  expect(await stock.shelves()).toEqual({ a: [0, 10], b: [0, 10] });
});

test('an event that reserves nothing changes nothing, and takes its batch back with it', async () => {
  await stock.shelve({ a: 5 });
  const batch = stock.reserve(checkoutRequested(first, { a: 2 }), stockReserved(second));
  await expect(batch).rejects.toThrow(InvariantViolation);
  expect(await stock.shelves()).toEqual({ a: [5, 0] });
  expect(await stock.stateOf(first)).toBeUndefined();
});
