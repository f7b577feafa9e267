import { InvariantViolation } from '../../shared/errors';
import { moveStock } from '../../stock/src/http/adjust-stock';
import { Allocation } from '../../stock/src/saga/2-reserve-stock/allocation';
import { reserveStock } from '../../stock/src/saga/2-reserve-stock/step';
import {
  checkoutRequested,
  crcOf,
  paymentCaptured,
  paymentRejected,
  purchase,
  stockRejected,
  stockReleased,
  stockReserved,
} from '../support/events';
import { stockFixture, withoutLines } from './stock-fixture';

const stock = stockFixture();
const [first, second, third] = [purchase(1), purchase(2), purchase(3)];

test('reserves every line and publishes it to payment', async () => {
  await stock.addItems({ a: 5, b: 1 });
  const { emit, duplicates } = await stock.reserve(checkoutRequested(first, { a: 2, b: 1 }));
  expect(emit).toEqual([stockReserved(first)]);
  expect(duplicates).toBe(0);
  expect(await stock.units()).toEqual({ a: [3, 2], b: [0, 1] });
  expect(await stock.stateOf(first)).toBe('RESERVED');
});

test('refuses the whole checkout when one item is short', async () => {
  await stock.addItems({ a: 5, b: 1 });
  const { emit } = await stock.reserve(checkoutRequested(first, { a: 2, b: 2 }));
  expect(emit).toEqual([stockRejected(first, 'out_of_stock')]);
  expect(await stock.units()).toEqual({ a: [5, 0], b: [1, 0] });
  expect(await stock.stateOf(first)).toBe('REJECTED');
});

test('refuses the whole checkout when one item does not exist', async () => {
  await stock.addItems({ a: 5 });
  const { emit } = await stock.reserve(checkoutRequested(first, { a: 2, nowhere: 1 }));
  expect(emit).toEqual([stockRejected(first, 'unknown_item')]);
  expect(await stock.units()).toEqual({ a: [5, 0] });
});

test('says what it has reserved as a number, which does not depend on the order of the lines', async () => {
  await stock.addItems({ a: 5, b: 5 });
  const lines = [checkoutRequested(first, { a: 1, b: 2 }), checkoutRequested(second, { b: 2, a: 1 })];
  const { emit } = await stock.transaction((tx) => reserveStock.run(tx, lines));
  const number = crcOf({ b: 2, a: 1 });
  expect(emit).toEqual([stockReserved(first, number), stockReserved(second, number)]);
});

test('a refusal in a batch takes nothing from the other checkouts', async () => {
  await stock.addItems({ a: 5, b: 1 });
  const { emit } = await stock.reserve(
    checkoutRequested(first, { a: 2 }),
    checkoutRequested(second, { a: 1, b: 9 }),
    checkoutRequested(third, { a: 3, b: 1 }),
  );
  expect(emit).toEqual([stockReserved(first), stockRejected(second), stockReserved(third)]);
  expect(await stock.units()).toEqual({ a: [0, 5], b: [0, 1] });
});

test('sums of a batch are exact beyond 32 bits', async () => {
  await stock.addItems({ a: Number.MAX_SAFE_INTEGER });
  const most = 2 ** 52;
  await stock.reserve(checkoutRequested(first, { a: most }), checkoutRequested(second, { a: most - 2 }));
  expect(await stock.units()).toEqual({ a: [1, Number.MAX_SAFE_INTEGER - 1] });
});

describe('a duplicate', () => {
  test('of a reservation gets the same event and reserves nothing more', async () => {
    await stock.addItems({ a: 5 });
    const event = checkoutRequested(first, { a: 2 });
    await stock.reserve(event);
    const { emit, duplicates } = await stock.reserve(event);
    expect(emit).toEqual([stockReserved(first)]);
    expect(duplicates).toBe(1);
    expect(await stock.units()).toEqual({ a: [3, 2] });
  });

  test('within one batch reserves nothing more', async () => {
    await stock.addItems({ a: 5 });
    const event = checkoutRequested(first, { a: 2 });
    const { emit, duplicates } = await stock.reserve(event, event, event);
    expect(emit).toEqual([stockReserved(first), stockReserved(first), stockReserved(first)]);
    expect(duplicates).toBe(2);
    expect(await stock.units()).toEqual({ a: [3, 2] });
  });

  test('that another replica handles at the same time reserves nothing more', async () => {
    await stock.addItems({ a: 5 });
    const event = checkoutRequested(first, { a: 2 });
    const outcomes = await stock.overlap(
      (tx) => reserveStock.run(tx, [event]),
      (tx) => reserveStock.run(tx, [event]),
    );
    const emitted = outcomes.map((outcome) => outcome.emit.map(withoutLines));
    expect(emitted).toEqual([[stockReserved(first)], [stockReserved(first)]]);
    expect(outcomes.map((outcome) => outcome.duplicates)).toEqual([0, 1]);
    expect(await stock.units()).toEqual({ a: [3, 2] });
  });

  test('of a checkout of an unknown item is refused once, although there is no row to lock', async () => {
    const event = checkoutRequested(first, { nowhere: 1 });
    const outcomes = await stock.overlap(
      (tx) => reserveStock.run(tx, [event]),
      (tx) => reserveStock.run(tx, [event]),
    );
    const refusal = [stockRejected(first, 'unknown_item')];
    expect(outcomes.map((outcome) => outcome.emit)).toEqual([refusal, refusal]);
  });

  test('of a refused checkout is refused again, even if there is stock by then', async () => {
    await stock.addItems({ a: 1 });
    const event = checkoutRequested(first, { a: 2 });
    await stock.reserve(event);
    await stock.transaction((tx) => moveStock(tx, 'a', 10));
    expect((await stock.reserve(event)).emit).toEqual([stockRejected(first)]);
    expect(await stock.units()).toEqual({ a: [11, 0] });
  });

  test.each([
    ['other lines', checkoutRequested(first, { b: 1 })],
    ['more units', checkoutRequested(first, { a: 2 })],
    ['another amount', checkoutRequested({ ...first, amount: 11 }, { a: 1 })],
  ])('of an undecided checkout with %s does not have it charged', async (_, event) => {
    await stock.addItems({ a: 5, b: 5 });
    await stock.reserve(checkoutRequested(first, { a: 1 }));
    expect(await stock.reserve(event)).toMatchObject({ emit: [], duplicates: 1 });
    expect(await stock.units()).toEqual({ a: [4, 1], b: [5, 0] });
    await stock.settle(paymentCaptured(first));
    expect((await stock.reserve(event)).emit).toEqual([stockReserved(first)]);
  });

  test('of a sold checkout publishes its reservation again, so that payment repeats its decision', async () => {
    await stock.addItems({ a: 5 });
    const event = checkoutRequested(first, { a: 2 });
    await stock.reserve(event);
    await stock.settle(paymentCaptured(first));
    expect((await stock.reserve(event)).emit).toEqual([stockReserved(first)]);
    expect(await stock.units()).toEqual({ a: [3, 0] });
  });

  test('of a released checkout reserves nothing again', async () => {
    await stock.addItems({ a: 5 });
    const event = checkoutRequested(first, { a: 2 });
    await stock.reserve(event);
    await stock.settle(paymentRejected(first));
    expect((await stock.reserve(event)).emit).toEqual([stockReleased(first)]);
    expect(await stock.units()).toEqual({ a: [5, 0] });
  });

  test('of a waiting checkout publishes nothing and keeps its place in the queue', async () => {
    await stock.addItems({ a: 1 });
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
  await stock.addItems({ a: 5 });
  await stock.settle(paymentRejected(first, 'cancelled'));
  const { emit, duplicates } = await stock.reserve(checkoutRequested(first, { a: 2 }));
  expect(emit).toEqual([stockReleased(first, 'cancelled')]);
  expect(duplicates).toBe(1);
  expect(await stock.units()).toEqual({ a: [5, 0] });
});

describe('when a line is short now', () => {
  test('the checkout waits and publishes nothing while the reserved units would be enough', async () => {
    await stock.addItems({ a: 3, b: 1 });
    await stock.reserve(checkoutRequested(first, { a: 2 }));
    const { emit } = await stock.reserve(checkoutRequested(second, { a: 3, b: 1 }));
    expect(emit).toEqual([]);
    expect(await stock.stateOf(second)).toBe('WAITING');
    expect(await stock.units()).toEqual({ a: [1, 2], b: [1, 0] });
  });

  test('a checkout waits for units reserved in the same batch instead of being refused', async () => {
    await stock.addItems({ a: 1 });
    const { emit } = await stock.reserve(
      checkoutRequested(first, { a: 1 }),
      checkoutRequested(second, { a: 1 }),
    );
    expect(emit).toEqual([stockReserved(first)]);
    expect(await stock.stateOf(second)).toBe('WAITING');
  });

  test('a later checkout queues behind it, although there are enough units for the later one', async () => {
    await stock.addItems({ a: 3 });
    await stock.reserve(checkoutRequested(first, { a: 2 }));
    await stock.reserve(checkoutRequested(second, { a: 2 }));
    const { emit } = await stock.reserve(checkoutRequested(third, { a: 1 }));
    expect(emit).toEqual([]);
    expect(await stock.stateOf(third)).toBe('WAITING');
    expect(await stock.units()).toEqual({ a: [1, 2] });
  });

  test('a checkout of other items does not wait', async () => {
    await stock.addItems({ a: 1, b: 1 });
    await stock.reserve(checkoutRequested(first, { a: 1 }), checkoutRequested(second, { a: 1 }));
    expect((await stock.reserve(checkoutRequested(third, { b: 1 }))).emit).toEqual([stockReserved(third)]);
  });
});

describe('the units that undecided sagas have reserved', () => {
  const newcomer = checkoutRequested(third, { a: 1, b: 1 });
  const statementsOfReserving = async () => {
    const names: string[] = [];
    await stock.transaction((tx) =>
      reserveStock.run(
        {
          run(statement, values) {
            names.push(statement.name);
            return tx.run(statement, values);
          },
          send(statement, values) {
            names.push(statement.name);
            tx.send(statement, values);
          },
        },
        [newcomer, newcomer],
      ),
    );
    return names;
  };
  const usual = ['take_items', 'read_reservations', 'read_waited_for'];

  test('are not read when there are enough available units', async () => {
    await stock.addItems({ a: 3, b: 3 });
    await stock.reserve(checkoutRequested(first, { a: 2 }), checkoutRequested(second, { b: 2 }));
    expect(await statementsOfReserving()).toEqual([...usual, 'record_reservations']);
  });

  test('are read when there are too few available units', async () => {
    await stock.addItems({ a: 2, b: 3 });
    await stock.reserve(checkoutRequested(first, { a: 2 }), checkoutRequested(second, { b: 2 }));
    expect(await statementsOfReserving()).toEqual([
      ...usual,
      'read_held',
      'record_reservations',
      'return_items',
    ]);
  });

  test('are read when there are too few available units behind the waiting sagas', async () => {
    await stock.addItems({ a: 4, b: 3 });
    await stock.reserve(checkoutRequested(first, { a: 1 }), checkoutRequested(second, { a: 4 }));
    expect(await statementsOfReserving()).toEqual([
      ...usual,
      'read_held',
      'record_reservations',
      'return_items',
    ]);
    expect(await stock.stateOf(third)).toBe('WAITING');
  });

  test('must be known before a claim is refused or waits, because no claim is decided by a guess', () => {
    const allocation = new Allocation([{ id: 'a', available: 1 }], [{ item_id: 'b', quantity: 9 }]);
    expect(() => allocation.claim([{ item_id: 'a', quantity: 2 }])).toThrow(InvariantViolation);
    expect(allocation.claim([{ item_id: 'a', quantity: 1 }])).toEqual({ state: 'RESERVED', reason: null });
  });

  test('are counted by two replicas at the same time, and neither waits for the other', async () => {
    await stock.addItems({ a: 1, b: 1 });
    await stock.reserve(checkoutRequested(first, { a: 1, b: 1 }));
    // If the second one waited for the first, neither would end.
    await stock.transaction(async (tx) => {
      await reserveStock.run(tx, [checkoutRequested(second, { a: 1 })]);
      await stock.reserve(checkoutRequested(third, { b: 1 }));
    });
    expect([await stock.stateOf(second), await stock.stateOf(third)]).toEqual(['WAITING', 'WAITING']);
  });
});

test('twenty concurrent checkouts that name two items in either order get exactly the ten units of each', async () => {
  await stock.addItems({ a: 10, b: 10 });
  const buyers = Array.from({ length: 20 }, (_, n) => purchase(n));
  const events = buyers.map((buyer, n) => checkoutRequested(buyer, n % 2 ? { a: 1, b: 1 } : { b: 1, a: 1 }));
  const outcomes = await Promise.all(events.map((event) => stock.reserve(event)));
  const emitted = outcomes.flatMap((outcome) => outcome.emit);
  expect(emitted.map((event) => event.type)).toEqual(Array(10).fill('stock.reserved'));
  expect(await stock.units()).toEqual({ a: [0, 10], b: [0, 10] });
});

test('an event that does not ask for a reservation rolls back its whole batch', async () => {
  await stock.addItems({ a: 5 });
  const batch = stock.reserve(checkoutRequested(first, { a: 2 }), stockReserved(second));
  await expect(batch).rejects.toThrow(InvariantViolation);
  expect(await stock.units()).toEqual({ a: [5, 0] });
  expect(await stock.stateOf(first)).toBeUndefined();
});
