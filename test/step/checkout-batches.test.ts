import { openCheckouts } from '../../order/src/checkout/batcher';
import type { Outbox } from '../../shared/outbox/outbox';
import { CommitUnknown } from '../../shared/postgres/errors';
import { purchase, sagaId, stockRejected } from '../support/events';
import { CANCEL_AFTER_MS, click, orderBench } from './order';

const desk = orderBench();

/** Commits for real, and then says that it cannot know; `meanwhile` happens before anybody asks again. */
function losingTheFirstAnswer(meanwhile: () => Promise<unknown>): Pick<Outbox, 'transaction'> {
  let answers = 0;
  return {
    async transaction(work) {
      const result = await desk.transaction(work);
      if (answers++ > 0) {
        return result;
      }
      await meanwhile();
      throw new CommitUnknown('the connection was lost in COMMIT');
    },
  };
}

const checkouts = (outbox: Pick<Outbox, 'transaction'>) =>
  openCheckouts({ outbox, batchSize: 8, batchesInFlight: 1, cancelAfterMs: CANCEL_AFTER_MS });

test('a checkout whose COMMIT got lost joins the saga that it opened', async () => {
  await desk.create('o', { a: [1, 10] });
  const decision = await checkouts(losingTheFirstAnswer(async () => {})).submit(click('o', 1));
  expect(decision).toEqual({ kind: 'joined', saga_id: sagaId(1) });
});

test('a checkout whose COMMIT got lost, and whose saga has failed by then, is tried again in a new saga', async () => {
  await desk.create('o', { a: [1, 10] });
  const failed = () =>
    desk.settle(stockRejected(purchase(1, { order_id: 'o', user_id: 'user-1', amount: 10 })));
  const decision = await checkouts(losingTheFirstAnswer(failed)).submit(click('o', 1));
  expect(decision).toMatchObject({ kind: 'opened' });
  expect(decision).not.toMatchObject({ saga_id: sagaId(1) });
  expect(await desk.saga(1)).toEqual({ state: 'FAILED', reason: 'out_of_stock' });
});

test('a checkout with a key whose COMMIT got lost joins the saga that it opened, and is not told that it is in flight', async () => {
  await desk.create('o', { a: [1, 10] });
  const decision = await checkouts(losingTheFirstAnswer(async () => {})).submit(click('o', 1, 'key'));
  expect(decision).toEqual({ kind: 'joined', saga_id: sagaId(1) });
});
