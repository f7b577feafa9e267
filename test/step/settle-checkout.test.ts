import { settleCheckout } from '../../order/src/saga/5-settle-checkout/step';
import { InvariantViolation } from '../../shared/errors';
import {
  crcOf,
  paymentCaptured,
  paymentRejected,
  purchase,
  sagaId,
  stockRejected,
  stockReleased,
} from '../support/events';
import { attempt, orderFixture } from './order-fixture';

const orders = orderFixture();
const bill = (n: number, order_id = 'o', amount = 10) => purchase(n, { order_id, user_id: 'user-1', amount });

beforeEach(async () => {
  await orders.create('o', { a: [1, 10] });
  await orders.request(attempt('o'));
});

test('payment.captured makes the order PAID and reports the settlement', async () => {
  const { emit, duplicates } = await orders.settle(paymentCaptured(bill(1)));
  expect([emit, duplicates]).toEqual([[], 0]);
  expect(await orders.find('o')).toEqual({ status: 'PAID', saga_id: sagaId(1) });
  expect(await orders.saga(1)).toEqual({ state: 'PAID', reason: null });
  expect(orders.reported).toMatchObject([{ saga_id: sagaId(1), order_id: 'o', state: 'PAID', reason: null }]);
  expect(orders.reported[0]?.took_seconds).toBeGreaterThanOrEqual(0);
});

test.each([
  ['stock.rejected', stockRejected(bill(1), 'out_of_stock'), 'out_of_stock'],
  ['stock.released', stockReleased(bill(1), 'insufficient_credit'), 'insufficient_credit'],
  ['stock.released after a cancel', stockReleased(bill(1), 'cancelled'), 'cancelled'],
])('%s makes the order OPEN again and records the reason', async (_, event, reason) => {
  await orders.settle(event);
  expect((await orders.find('o'))?.status).toBe('OPEN');
  expect(await orders.saga(1)).toEqual({ state: 'FAILED', reason });
  expect(orders.reported).toMatchObject([{ saga_id: sagaId(1), state: 'FAILED', reason }]);
});

test('payment.rejected does not end the saga, because the stock is not back yet', async () => {
  await expect(orders.settle(paymentRejected(bill(1)))).rejects.toThrow(InvariantViolation);
  expect((await orders.find('o'))?.status).toBe('CHECKING_OUT');
});

test.each([
  ['capture', paymentCaptured(bill(1)), 'PAID'],
  ['release', stockReleased(bill(1)), 'OPEN'],
])(
  'a duplicate of a %s changes and reports nothing, in the same batch or later',
  async (_, event, status) => {
    expect((await orders.settle(event, event)).duplicates).toBe(1);
    expect((await orders.settle(event)).duplicates).toBe(1);
    expect((await orders.find('o'))?.status).toBe(status);
    expect(orders.reported).toHaveLength(1);
  },
);

test('a duplicate that another replica handles at the same time settles the saga once', async () => {
  const step = settleCheckout(() => {});
  const outcomes = await orders.overlap(
    (tx) => step.run(tx, [paymentCaptured(bill(1))]),
    (tx) => step.run(tx, [paymentCaptured(bill(1))]),
  );
  expect(outcomes.map((outcome) => outcome.duplicates)).toEqual([0, 1]);
});

test('a refusal and a release of the same saga fail it once, with the first reason', async () => {
  await orders.settle(stockRejected(bill(1), 'out_of_stock'), stockReleased(bill(1), 'cancelled'));
  expect(await orders.saga(1)).toEqual({ state: 'FAILED', reason: 'out_of_stock' });
  expect(orders.reported).toHaveLength(1);
});

describe('late events of an earlier attempt', () => {
  beforeEach(async () => {
    await orders.settle(stockReleased(bill(1)));
    await orders.request(attempt('o'));
  });

  test('do not end the attempt in flight', async () => {
    const { duplicates } = await orders.settle(stockReleased(bill(1)), stockRejected(bill(1)));
    expect(duplicates).toBe(2);
    expect(await orders.find('o')).toEqual({ status: 'CHECKING_OUT', saga_id: sagaId(2) });
    expect(await orders.saga(2)).toEqual({ state: 'PENDING', reason: null });
  });

  test('do not undo the attempt that was paid', async () => {
    await orders.settle(paymentCaptured(bill(2)));
    await orders.settle(stockReleased(bill(1)));
    expect(await orders.find('o')).toEqual({ status: 'PAID', saga_id: sagaId(2) });
  });

  test('that share a batch with the outcome of this attempt do not affect it', async () => {
    await orders.settle(stockReleased(bill(1)), paymentCaptured(bill(2)), stockReleased(bill(1)));
    expect((await orders.find('o'))?.status).toBe('PAID');
    expect(await orders.saga(1)).toEqual({ state: 'FAILED', reason: 'insufficient_credit' });
  });
});

test('a failure of an unknown saga is ignored and counted as a duplicate, because nobody was charged', async () => {
  const { duplicates } = await orders.settle(stockRejected(bill(7)), stockReleased(bill(8)));
  expect(duplicates).toBe(2);
  expect(orders.reported).toEqual([]);
});

test('a capture of an unknown saga is a violation that names the saga, its order and the amount', async () => {
  const parked = `saga ${sagaId(7)} of order lost was charged 30, but order does not know the saga`;
  await expect(orders.settle(paymentCaptured(bill(7, 'lost', 30)))).rejects.toThrow(
    expect.objectContaining({ code: 'INVARIANT_VIOLATED', message: parked }),
  );
  expect(orders.reported).toEqual([]);
});

test.each([
  ['a capture after a failure', stockReleased(bill(1)), paymentCaptured(bill(1)), 'OPEN'],
  ['a failure after a capture', paymentCaptured(bill(1)), stockReleased(bill(1)), 'PAID'],
])('%s is a violation and changes nothing', async (_, event, contradiction, status) => {
  await orders.settle(event);
  await expect(orders.settle(contradiction)).rejects.toThrow(InvariantViolation);
  expect((await orders.find('o'))?.status).toBe(status);
});

test('a violation rolls back its whole batch', async () => {
  await orders.create('p', { a: [1, 10] }, 2);
  await orders.request(attempt('p'));
  const batch = orders.settle(paymentCaptured(bill(2, 'p')), paymentCaptured(bill(7, 'lost')));
  await expect(batch).rejects.toThrow(InvariantViolation);
  expect((await orders.find('p'))?.status).toBe('CHECKING_OUT');
  expect(orders.reported).toEqual([]);
});

describe.each([
  ['of another amount', paymentCaptured(bill(1, 'o', 11), crcOf({ a: 1 })), 11, { a: 1 }],
  ['for other lines at the same price', paymentCaptured(bill(1), crcOf({ b: 1 })), 10, { b: 1 }],
])('a capture %s than the order has', (_, capture, charged, sold) => {
  test('ends the saga as DISPUTED, with what was sold, and reports both', async () => {
    const { emit, duplicates } = await orders.settle(capture);
    expect([emit, duplicates]).toEqual([[], 0]);
    expect(await orders.find('o')).toEqual({ status: 'DISPUTED', saga_id: sagaId(1) });
    expect(await orders.query('SELECT state, reason, amount::int, lines_crc32 FROM sagas')).toEqual([
      { state: 'DISPUTED', reason: null, amount: charged, lines_crc32: crcOf(sold) },
    ]);
    const sale = { amount: charged, lines_crc32: crcOf(sold) };
    const about = { saga_id: sagaId(1), order_id: 'o', user_id: 'user-1' };
    expect(orders.reported).toMatchObject([{ ...about, state: 'DISPUTED', amount: 10, reason: null, sale }]);
  });

  test('is a duplicate the second time, in the same batch or later', async () => {
    expect((await orders.settle(capture, capture)).duplicates).toBe(1);
    expect((await orders.settle(capture)).duplicates).toBe(1);
    expect(orders.reported).toHaveLength(1);
  });

  test('does not keep the other sagas of its batch from being paid', async () => {
    await orders.create('p', { a: [1, 10] }, 2);
    await orders.request(attempt('p'));
    await orders.settle(paymentCaptured(bill(2, 'p')), capture);
    expect((await orders.find('p'))?.status).toBe('PAID');
    expect((await orders.find('o'))?.status).toBe('DISPUTED');
  });

  test('is contradicted by a failure and by a third purchase, which are violations', async () => {
    await orders.settle(capture);
    for (const event of [stockReleased(bill(1)), paymentCaptured(bill(1, 'o', 12))]) {
      await expect(orders.settle(event)).rejects.toThrow(/ended as DISPUTED/);
    }
    expect((await orders.find('o'))?.status).toBe('DISPUTED');
  });

  test('is the end of the order: another checkout opens nothing', async () => {
    await orders.settle(capture);
    const { decisions, emit } = await orders.request(attempt('o', 'key'), attempt('o'));
    const disputed = { kind: 'disputed', saga_id: sagaId(1) };
    expect([decisions, emit]).toEqual([[disputed, disputed], []]);
    expect((await orders.request(attempt('o', 'key'))).decisions).toEqual([
      { kind: 'repeated', saga_id: sagaId(1) },
    ]);
  });
});

test('a capture that says nothing about the lines, as an earlier version publishes it, pays for them', async () => {
  await orders.settle(paymentCaptured(bill(1)));
  expect((await orders.find('o'))?.status).toBe('PAID');
});

describe('an order whose database has returned to the time before its checkout', () => {
  /** What order had written about the checkout of saga 1 is gone. */
  beforeEach(async () => {
    await orders.settle(paymentCaptured(bill(1)));
    await orders.query('DELETE FROM sagas');
    await orders.query('UPDATE orders SET saga_id = NULL');
  });

  test('offers the same saga again, and takes up its capture', async () => {
    const { decisions } = await orders.request(attempt('o'));
    expect(decisions).toEqual([{ kind: 'opened', saga_id: sagaId(1) }]);
    await orders.settle(paymentCaptured(bill(1), crcOf({ a: 1 })));
    expect(await orders.find('o')).toEqual({ status: 'PAID', saga_id: sagaId(1) });
  });

  test('is disputed when it is checked out with other contents', async () => {
    await orders.query(`UPDATE order_lines SET quantity = 2`);
    await orders.request(attempt('o'));
    await orders.settle(paymentCaptured(bill(1)));
    expect(await orders.find('o')).toEqual({ status: 'DISPUTED', saga_id: sagaId(1) });
  });
});

test('a batch ends each of its sagas with its own outcome', async () => {
  for (let n = 2; n <= 20; n++) {
    await orders.create(`o-${n}`, { a: [1, 10] }, n);
    await orders.request(attempt(`o-${n}`));
  }
  const events = Array.from({ length: 19 }, (_, i) =>
    (i % 2 ? paymentCaptured : stockReleased)(bill(i + 2, `o-${i + 2}`)),
  );
  await orders.settle(...events.toReversed());
  for (let n = 2; n <= 20; n++) {
    expect((await orders.find(`o-${n}`))?.status).toBe(n % 2 ? 'PAID' : 'OPEN');
  }
  expect((await orders.find('o'))?.status).toBe('CHECKING_OUT');
});
