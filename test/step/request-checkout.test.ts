import { lockOpenOrder } from '../../order/src/http/open-order';
import { requestCheckouts } from '../../order/src/saga/1-request-checkout/step';
import { settleCheckout } from '../../order/src/saga/5-settle-checkout/step';
import { statement } from '../../shared/postgres/statement';
import type { Tx } from '../../shared/postgres/tx';
import { checkoutRequested, paymentCaptured, purchase, sagaId, stockRejected } from '../support/events';
import { CANCEL_AFTER_MS, click, orderBench } from './order';

const desk = orderBench();
const bill = (n: number, order_id: string, amount: number) =>
  purchase(n, { order_id, user_id: 'user-1', amount });

test('freezes an open order, opens a saga and asks stock for every line', async () => {
  await desk.create('o', { a: [2, 10], b: [1, 5] });
  const { decisions, emit } = await desk.request(click('o', 1));
  expect(decisions).toEqual([{ kind: 'opened', saga_id: sagaId(1) }]);
  expect(emit).toEqual([checkoutRequested(bill(1, 'o', 25), { a: 2, b: 1 })]);
  expect(await desk.order('o')).toEqual({ status: 'CHECKING_OUT', saga_id: sagaId(1) });
  expect(await desk.saga(1)).toEqual({ state: 'PENDING', reason: null });
});

test('gives the saga its deadline', async () => {
  await desk.create('o', { a: [1, 10] });
  await desk.request(click('o', 1));
  const ahead = 'SELECT extract(epoch FROM deadline_at - opened_at)::float8 * 1000 AS ms FROM sagas';
  const [row] = await desk.query<{ ms: number }>(ahead);
  expect(Math.round(row?.ms ?? 0)).toBe(CANCEL_AFTER_MS);
});

test('opens nothing for an order that does not exist or is empty', async () => {
  await desk.create('empty', {});
  const { decisions, emit } = await desk.request(click('nowhere', 1), click('empty', 2));
  expect(decisions).toEqual([{ kind: 'unknown_order' }, { kind: 'empty' }]);
  expect(emit).toEqual([]);
  expect((await desk.order('empty'))?.status).toBe('OPEN');
});

test('a second checkout while the first is under way joins its saga and asks for nothing', async () => {
  await desk.create('o', { a: [1, 10] });
  await desk.request(click('o', 1));
  const { decisions, emit } = await desk.request(click('o', 2));
  expect(decisions).toEqual([{ kind: 'joined', saga_id: sagaId(1) }]);
  expect(emit).toEqual([]);
});

test('a double checkout in one batch opens one saga', async () => {
  await desk.create('o', { a: [1, 10] });
  const { decisions, emit } = await desk.request(click('o', 1), click('o', 2), click('o', 3));
  expect(decisions.map((decision) => decision.kind)).toEqual(['opened', 'joined', 'joined']);
  expect(emit).toHaveLength(1);
});

test('a double checkout on two replicas at once opens one saga', async () => {
  await desk.create('o', { a: [1, 10] });
  const outcomes = await desk.overlap(
    (tx) => requestCheckouts(tx, [click('o', 1)], CANCEL_AFTER_MS),
    (tx) => requestCheckouts(tx, [click('o', 2)], CANCEL_AFTER_MS),
  );
  expect(outcomes.map((outcome) => outcome.decisions[0])).toEqual([
    { kind: 'opened', saga_id: sagaId(1) },
    { kind: 'joined', saga_id: sagaId(1) },
  ]);
  expect(outcomes.map((outcome) => outcome.emit.length)).toEqual([1, 0]);
});

test('a double checkout of an order that failed before, on two replicas at once, opens one saga', async () => {
  await desk.create('o', { a: [1, 10] });
  await desk.request(click('o', 1));
  await desk.settle(stockRejected(bill(1, 'o', 10)));
  const outcomes = await desk.overlap(
    (tx) => requestCheckouts(tx, [click('o', 2)], CANCEL_AFTER_MS),
    (tx) => requestCheckouts(tx, [click('o', 3)], CANCEL_AFTER_MS),
  );
  expect(outcomes.map((outcome) => outcome.decisions[0])).toEqual([
    { kind: 'opened', saga_id: sagaId(2) },
    { kind: 'joined', saga_id: sagaId(2) },
  ]);
  expect(await desk.order('o')).toEqual({ status: 'CHECKING_OUT', saga_id: sagaId(2) });
});

test.each([
  ['fails', stockRejected(bill(1, 'o', 10)), 'FAILED'],
  ['is paid', paymentCaptured(bill(1, 'o', 10)), 'PAID'],
])(
  'a checkout while the last one %s shares it, and opens nothing, whichever commits first',
  async (_, event, state) => {
    const settling = settleCheckout(() => {});
    const settle = (tx: Tx) => settling.run(tx, [event]);
    const request = (tx: Tx) => requestCheckouts(tx, [click('o', 2)], CANCEL_AFTER_MS);
    const joined = { decisions: [{ kind: 'joined', saga_id: sagaId(1) }], emit: [] };
    for (const settledFirst of [true, false]) {
      await desk.query('TRUNCATE orders, order_lines, sagas');
      await desk.create('o', { a: [1, 10] });
      await desk.request(click('o', 1));
      const outcomes = settledFirst
        ? await desk.overlap(settle, request)
        : (await desk.overlap(request, settle)).toReversed();
      expect(outcomes[1]).toEqual(joined);
      expect(await desk.saga(1)).toMatchObject({ state });
    }
  },
);

test('batches on several replicas that name the same orders the other way round do not deadlock', async () => {
  const ids = Array.from({ length: 20 }, (_, n) => `o-${n}`);
  for (const id of ids) {
    await desk.create(id, { a: [1, 10] });
  }
  const batches = Array.from({ length: 6 }, (_, b) =>
    (b % 2 ? ids.toReversed() : ids).map((id, n) => click(id, 100 * b + n)),
  );
  const outcomes = await Promise.all(batches.map((batch) => desk.request(...batch)));
  expect(outcomes.flatMap((outcome) => outcome.emit)).toHaveLength(ids.length);
});

test('an item that is being added is either in the order before it is frozen, or sees it frozen', async () => {
  await desk.create('o', { a: [1, 10] });
  const [, { emit }] = await desk.overlap(
    async (tx) => {
      await tx.run(statement('test_lock', `SELECT FROM orders WHERE id = 'o' FOR NO KEY UPDATE`));
      await tx.run(statement('test_add', `INSERT INTO order_lines VALUES ('o', 'b', 3, 7)`));
    },
    (tx) => requestCheckouts(tx, [click('o', 1)], CANCEL_AFTER_MS),
  );
  expect(emit).toEqual([checkoutRequested(bill(1, 'o', 31), { a: 1, b: 3 })]);
});

test('whoever would change an order that is being frozen is refused', async () => {
  await desk.create('o', { a: [1, 10] });
  await desk.request(click('o', 1));
  await desk.settle(stockRejected(bill(1, 'o', 10)));
  const [, refused] = await desk.overlap(
    (tx) => requestCheckouts(tx, [click('o', 2)], CANCEL_AFTER_MS),
    (tx) => lockOpenOrder(tx, 'o'),
  );
  expect(refused).toMatchObject({
    status: 409,
    body: { reason: 'checkout_in_progress', saga_id: sagaId(2) },
  });
});

test('a paid order is told its saga, and nothing happens again', async () => {
  await desk.create('o', { a: [1, 10] });
  await desk.request(click('o', 1));
  await desk.settle(paymentCaptured(bill(1, 'o', 10)));
  const { decisions, emit } = await desk.request(click('o', 2));
  expect(decisions).toEqual([{ kind: 'paid', saga_id: sagaId(1) }]);
  expect(emit).toEqual([]);
  expect((await desk.order('o'))?.status).toBe('PAID');
});

test('an order whose checkout failed can be checked out again, in another saga', async () => {
  await desk.create('o', { a: [1, 10] });
  await desk.request(click('o', 1));
  await desk.settle(stockRejected(bill(1, 'o', 10)));
  const { decisions, emit } = await desk.request(click('o', 2));
  expect(decisions).toEqual([{ kind: 'opened', saga_id: sagaId(2) }]);
  expect(emit).toEqual([checkoutRequested(bill(2, 'o', 10), { a: 1 })]);
});

test('an order that is frozen for a request which opens nothing is as it was before', async () => {
  await desk.create('o', { a: [1, 10] });
  await desk.create('empty', {});
  await desk.request(click('o', 1, 'key'));
  await desk.settle(stockRejected(bill(1, 'o', 10)));
  const { decisions, emit } = await desk.request(click('o', 2, 'key'), click('empty', 3));
  expect(decisions.map(({ kind }) => kind)).toEqual(['repeated', 'empty']);
  expect(emit).toEqual([]);
  expect(await desk.order('o')).toEqual({ status: 'OPEN', saga_id: sagaId(1) });
  expect(await desk.order('empty')).toEqual({ status: 'OPEN', saga_id: null });
});

test('an order is in the saga that is opened, although the first request of the batch for it opens nothing', async () => {
  await desk.create('o', { a: [1, 10] });
  await desk.request(click('o', 1, 'key'));
  await desk.settle(stockRejected(bill(1, 'o', 10)));
  const { decisions } = await desk.request(click('o', 2, 'key'), click('o', 3), click('o', 4));
  expect(decisions).toEqual([
    { kind: 'repeated', saga_id: sagaId(1) },
    { kind: 'opened', saga_id: sagaId(3) },
    { kind: 'joined', saga_id: sagaId(3) },
  ]);
  expect(await desk.order('o')).toEqual({ status: 'CHECKING_OUT', saga_id: sagaId(3) });
});

describe('with an idempotency key', () => {
  test('a repetition is told the saga that answered the first, even after that failed', async () => {
    await desk.create('o', { a: [1, 10] });
    await desk.request(click('o', 1, 'key'));
    await desk.settle(stockRejected(bill(1, 'o', 10)));
    const { decisions, emit } = await desk.request(click('o', 2, 'key'));
    expect(decisions).toEqual([{ kind: 'repeated', saga_id: sagaId(1) }]);
    expect(emit).toEqual([]);
    expect((await desk.order('o'))?.status).toBe('OPEN');
  });

  test('another request with the key opens nothing', async () => {
    await desk.create('o', { a: [1, 10] });
    await desk.create('p', { a: [1, 10] });
    const { decisions, emit } = await desk.request(click('o', 1, 'key'), click('p', 2, 'key'));
    expect(decisions).toEqual([{ kind: 'opened', saga_id: sagaId(1) }, { kind: 'key_reused' }]);
    expect(emit).toHaveLength(1);
    expect((await desk.order('p'))?.status).toBe('OPEN');
  });

  test('another request with the key on another replica at once opens nothing', async () => {
    await desk.create('o', { a: [1, 10] });
    await desk.create('p', { a: [1, 10] });
    const [, second] = await desk.overlap(
      (tx) => requestCheckouts(tx, [click('o', 1, 'key')], CANCEL_AFTER_MS),
      (tx) => requestCheckouts(tx, [click('p', 2, 'key')], CANCEL_AFTER_MS),
    );
    expect(second.decisions).toEqual([{ kind: 'key_reused' }]);
    expect((await desk.order('p'))?.status).toBe('OPEN');
  });
});

test('without room for another saga an open order is refused and left open, and what is under way or paid is told', async () => {
  for (const order of ['open', 'busy', 'paid']) {
    await desk.create(order, { a: [1, 10] });
  }
  await desk.request(click('busy', 1), click('paid', 2));
  await desk.settle(paymentCaptured(bill(2, 'paid', 10)));
  const full = (order: string, n: number) => ({ ...click(order, n), may_open: false });
  const { decisions, emit } = await desk.request(full('open', 3), full('busy', 4), full('paid', 5));
  expect(decisions).toEqual([
    { kind: 'overloaded' },
    { kind: 'joined', saga_id: sagaId(1) },
    { kind: 'paid', saga_id: sagaId(2) },
  ]);
  expect(emit).toEqual([]);
  expect((await desk.order('open'))?.status).toBe('OPEN');
});
