import { settleCheckout } from '../../order/src/saga/5-settle-checkout/step';
import { InvariantViolation } from '../../shared/errors';
import {
  paymentCaptured,
  paymentRejected,
  purchase,
  sagaId,
  stockRejected,
  stockReleased,
} from '../support/events';
import { click, orderBench } from './order';

const desk = orderBench();
const bill = (n: number, order_id = 'o', amount = 10) => purchase(n, { order_id, user_id: 'user-1', amount });

beforeEach(async () => {
  await desk.create('o', { a: [1, 10] });
  await desk.request(click('o', 1));
});

test('payment.captured makes the order PAID, and tells who waits', async () => {
  const { emit, duplicates } = await desk.settle(paymentCaptured(bill(1)));
  expect([emit, duplicates]).toEqual([[], 0]);
  expect(await desk.order('o')).toEqual({ status: 'PAID', saga_id: sagaId(1) });
  expect(await desk.saga(1)).toEqual({ state: 'PAID', reason: null });
  expect(desk.told).toMatchObject([{ saga_id: sagaId(1), order_id: 'o', state: 'PAID', reason: null }]);
  expect(desk.told[0]?.took_seconds).toBeGreaterThanOrEqual(0);
});

test.each([
  ['stock.rejected', stockRejected(bill(1), 'out_of_stock'), 'out_of_stock'],
  ['stock.released', stockReleased(bill(1), 'insufficient_credit'), 'insufficient_credit'],
  ['stock.released after a cancel', stockReleased(bill(1), 'cancelled'), 'cancelled'],
])('%s opens the order again, with the reason', async (_, event, reason) => {
  await desk.settle(event);
  expect((await desk.order('o'))?.status).toBe('OPEN');
  expect(await desk.saga(1)).toEqual({ state: 'FAILED', reason });
  expect(desk.told).toMatchObject([{ saga_id: sagaId(1), state: 'FAILED', reason }]);
});

test('payment.rejected does not end the saga: the stock is not back yet', async () => {
  await expect(desk.settle(paymentRejected(bill(1)))).rejects.toThrow(InvariantViolation);
  expect((await desk.order('o'))?.status).toBe('CHECKING_OUT');
});

test.each([
  ['capture', paymentCaptured(bill(1)), 'PAID'],
  ['release', stockReleased(bill(1)), 'OPEN'],
])('a duplicate of a %s changes and tells nothing, in a batch or after it', async (_, event, status) => {
  expect((await desk.settle(event, event)).duplicates).toBe(1);
  expect((await desk.settle(event)).duplicates).toBe(1);
  expect((await desk.order('o'))?.status).toBe(status);
  expect(desk.told).toHaveLength(1);
});

test('a duplicate that another replica handles at the same time settles the saga once', async () => {
  const step = settleCheckout(() => {});
  const outcomes = await desk.overlap(
    (tx) => step.run(tx, [paymentCaptured(bill(1))]),
    (tx) => step.run(tx, [paymentCaptured(bill(1))]),
  );
  expect(outcomes.map((outcome) => outcome.duplicates)).toEqual([0, 1]);
});

test('a refusal and a release of one saga, whichever is first, fail it once, with the first reason', async () => {
  await desk.settle(stockRejected(bill(1), 'out_of_stock'), stockReleased(bill(1), 'cancelled'));
  expect(await desk.saga(1)).toEqual({ state: 'FAILED', reason: 'out_of_stock' });
  expect(desk.told).toHaveLength(1);
});

describe('late events of an earlier attempt', () => {
  beforeEach(async () => {
    await desk.settle(stockReleased(bill(1)));
    await desk.request(click('o', 2));
  });

  test('do not end the attempt under way', async () => {
    const { duplicates } = await desk.settle(stockReleased(bill(1)), stockRejected(bill(1)));
    expect(duplicates).toBe(2);
    expect(await desk.order('o')).toEqual({ status: 'CHECKING_OUT', saga_id: sagaId(2) });
    expect(await desk.saga(2)).toEqual({ state: 'PENDING', reason: null });
  });

  test('do not undo the attempt that paid', async () => {
    await desk.settle(paymentCaptured(bill(2)));
    await desk.settle(stockReleased(bill(1)));
    expect(await desk.order('o')).toEqual({ status: 'PAID', saga_id: sagaId(2) });
  });

  test('that arrive in one batch with the outcome of this one end only what they name', async () => {
    await desk.settle(stockReleased(bill(1)), paymentCaptured(bill(2)), stockReleased(bill(1)));
    expect((await desk.order('o'))?.status).toBe('PAID');
    expect(await desk.saga(1)).toEqual({ state: 'FAILED', reason: 'insufficient_credit' });
  });
});

test('outcomes of sagas that order does not know are ignored and counted', async () => {
  const { duplicates } = await desk.settle(paymentCaptured(bill(7)), stockReleased(bill(8)));
  expect(duplicates).toBe(2);
  expect(desk.told).toEqual([]);
});

test.each([
  ['a capture after a failure', stockReleased(bill(1)), paymentCaptured(bill(1)), 'OPEN'],
  ['a failure after a capture', paymentCaptured(bill(1)), stockReleased(bill(1)), 'PAID'],
])('%s must never be: nothing changes', async (_, event, contradiction, status) => {
  await desk.settle(event);
  await expect(desk.settle(contradiction)).rejects.toThrow(InvariantViolation);
  expect((await desk.order('o'))?.status).toBe(status);
});

test('a capture of another amount must never be: nothing changes, and its batch is taken back', async () => {
  await desk.create('p', { a: [1, 10] });
  await desk.request(click('p', 2));
  const batch = desk.settle(paymentCaptured(bill(2, 'p')), paymentCaptured(bill(1, 'o', 11)));
  await expect(batch).rejects.toThrow(InvariantViolation);
  expect((await desk.order('o'))?.status).toBe('CHECKING_OUT');
  expect((await desk.order('p'))?.status).toBe('CHECKING_OUT');
  expect(desk.told).toEqual([]);
});

test('a batch ends every saga it names by its own outcome', async () => {
  for (let n = 2; n <= 20; n++) {
    await desk.create(`o-${n}`, { a: [1, 10] });
    await desk.request(click(`o-${n}`, n));
  }
  const events = Array.from({ length: 19 }, (_, i) =>
    (i % 2 ? paymentCaptured : stockReleased)(bill(i + 2, `o-${i + 2}`)),
  );
  await desk.settle(...events.toReversed());
  for (let n = 2; n <= 20; n++) {
    expect((await desk.order(`o-${n}`))?.status).toBe(n % 2 ? 'PAID' : 'OPEN');
  }
  expect((await desk.order('o'))?.status).toBe('CHECKING_OUT');
});
