import { jest } from '@jest/globals';
import { openCheckouts } from '../../order/src/checkout/batcher';
import { Caution } from '../../shared/inbox/caution';
import type { Outbox } from '../../shared/outbox/outbox';
import { CommitUnknown, DatabaseUnavailable } from '../../shared/postgres/errors';
import { openPatience } from '../../shared/postgres/patience';
import { statement } from '../../shared/postgres/statement';
import { purchase, sagaId, stockRejected } from '../support/events';
import { silent } from '../support/silent';
import { attempt, CANCEL_AFTER_MS, orderFixture } from './order-fixture';

const orders = orderFixture();
const patience = openPatience({ probe: async () => {}, patienceMs: 0, log: silent });

/** Commits, then throws CommitUnknown the first time. `beforeRetry` runs before the batch runs again. */
function loseFirstCommit(beforeRetry: () => Promise<unknown>): Pick<Outbox, 'transaction'> {
  let commits = 0;
  return {
    async transaction(work) {
      const result = await orders.transaction(work);
      if (commits++ > 0) {
        return result;
      }
      await beforeRetry();
      throw new CommitUnknown('the connection was lost in COMMIT');
    },
  };
}

const checkouts = (outbox: Pick<Outbox, 'transaction'>, caution = new Caution()) =>
  openCheckouts({
    outbox,
    caution,
    patience,
    batchSize: 8,
    batchesInFlight: 1,
    cancelAfterMs: CANCEL_AFTER_MS,
  });

test('a checkout whose COMMIT has an unknown result joins the saga that it opened', async () => {
  await orders.create('o', { a: [1, 10] });
  const decision = await checkouts(loseFirstCommit(async () => {})).submit(attempt('o'));
  expect(decision).toEqual({ kind: 'joined', saga_id: sagaId(1) });
});

test('a checkout whose COMMIT has an unknown result opens a new saga if the first one has failed by then', async () => {
  await orders.create('o', { a: [1, 10] });
  const failed = () =>
    orders.settle(stockRejected(purchase(1, { order_id: 'o', user_id: 'user-1', amount: 10 })));
  const decision = await checkouts(loseFirstCommit(failed)).submit(attempt('o'));
  expect(decision).toMatchObject({ kind: 'opened' });
  expect(decision).not.toMatchObject({ saga_id: sagaId(1) });
  expect(await orders.saga(1)).toEqual({ state: 'FAILED', reason: 'out_of_stock' });
});

test('a checkout with a key whose COMMIT has an unknown result joins its saga as well', async () => {
  await orders.create('o', { a: [1, 10] });
  const decision = await checkouts(loseFirstCommit(async () => {})).submit(attempt('o', 'key'));
  expect(decision).toEqual({ kind: 'joined', saga_id: sagaId(1) });
});

test('a checkout whose COMMIT has an unknown result says so, whatever fails after it', async () => {
  await orders.create('o', { a: [1, 10] });
  const breaks = () => Promise.reject(new DatabaseUnavailable('the database is gone'));
  const { transaction: first } = loseFirstCommit(async () => {});
  let runs = 0;
  const transaction: Outbox['transaction'] = (work) => (runs++ === 0 ? first(work) : breaks());
  await expect(checkouts({ transaction }).submit(attempt('o'))).rejects.toThrow(CommitUnknown);
});

test('an order that is locked once is no reason for caution, and one that stays locked is', async () => {
  await orders.create('o', { a: [1, 10] });
  const caution = new Caution();
  caution.advise();
  const batcher = checkouts(orders, caution);
  const advise = jest.spyOn(caution, 'advise');
  const submit = (was_locked: boolean) => async () => batcher.submit({ ...attempt('o'), was_locked });
  const hold = statement('test_hold_order', 'SELECT FROM orders FOR UPDATE');
  for (const [was_locked, advised] of [
    [false, 0],
    [true, 1],
  ] as const) {
    const [, decision] = await orders.overlap((tx) => tx.run(hold), submit(was_locked));
    expect(decision).toEqual({ kind: 'locked' });
    expect(advise).toHaveBeenCalledTimes(advised);
  }
});
