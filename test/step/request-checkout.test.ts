import { lockOpenOrder } from '../../order/src/http/lock-open-order';
import { requestCheckouts } from '../../order/src/saga/1-request-checkout/step';
import { settleCheckout } from '../../order/src/saga/5-settle-checkout/step';
import { statement } from '../../shared/postgres/statement';
import type { Tx } from '../../shared/postgres/tx';
import { checkoutRequested, paymentCaptured, purchase, sagaId, stockRejected } from '../support/events';
import { attempt, CANCEL_AFTER_MS, orderFixture } from './order-fixture';

const orders = orderFixture();
const bill = (n: number, order_id: string, amount: number) =>
  purchase(n, { order_id, user_id: 'user-1', amount });

test('freezes an open order, opens a saga and asks stock for every line', async () => {
  await orders.create('o', { a: [2, 10], b: [1, 5] });
  const { decisions, emit } = await orders.request(attempt('o'));
  expect(decisions).toEqual([{ kind: 'opened', saga_id: sagaId(1) }]);
  expect(emit).toEqual([checkoutRequested(bill(1, 'o', 25), { a: 2, b: 1 })]);
  expect(await orders.find('o')).toEqual({ status: 'CHECKING_OUT', saga_id: sagaId(1) });
  expect(await orders.saga(1)).toEqual({ state: 'PENDING', reason: null });
});

test('sets the deadline of the saga', async () => {
  await orders.create('o', { a: [1, 10] });
  await orders.request(attempt('o'));
  const ahead = 'SELECT extract(epoch FROM deadline_at - opened_at)::float8 * 1000 AS ms FROM sagas';
  const [row] = await orders.query<{ ms: number }>(ahead);
  expect(Math.round(row?.ms ?? 0)).toBe(CANCEL_AFTER_MS);
});

test('opens nothing for an order that does not exist or is empty', async () => {
  await orders.create('empty', {});
  const { decisions, emit } = await orders.request(attempt('nowhere'), attempt('empty'));
  expect(decisions).toEqual([{ kind: 'unknown_order' }, { kind: 'empty' }]);
  expect(emit).toEqual([]);
  expect((await orders.find('empty'))?.status).toBe('OPEN');
});

test('answers for the order of another user as for none, opens nothing and leaves the order as it was', async () => {
  await orders.create('o', { a: [1, 10] });
  const { decisions, emit } = await orders.request(
    { ...attempt('o'), only_of: 'user-2' },
    { ...attempt('o', 'key'), only_of: 'user-2' },
  );
  expect(decisions).toEqual([{ kind: 'unknown_order' }, { kind: 'unknown_order' }]);
  expect(emit).toEqual([]);
  expect(await orders.find('o')).toEqual({ status: 'OPEN', saga_id: null });
  const [own, foreign] = (
    await orders.request({ ...attempt('o'), only_of: 'user-1' }, { ...attempt('o'), only_of: 'user-2' })
  ).decisions;
  expect([own, foreign]).toEqual([{ kind: 'opened', saga_id: sagaId(1) }, { kind: 'unknown_order' }]);
});

test('a second checkout while the first is in flight joins its saga and publishes nothing', async () => {
  await orders.create('o', { a: [1, 10] });
  await orders.request(attempt('o'));
  const { decisions, emit } = await orders.request(attempt('o'));
  expect(decisions).toEqual([{ kind: 'joined', saga_id: sagaId(1) }]);
  expect(emit).toEqual([]);
});

test('a double checkout in one batch opens one saga', async () => {
  await orders.create('o', { a: [1, 10] });
  const { decisions, emit } = await orders.request(attempt('o'), attempt('o'), attempt('o'));
  expect(decisions.map((decision) => decision.kind)).toEqual(['opened', 'joined', 'joined']);
  expect(emit).toHaveLength(1);
});

test('a double checkout on two replicas at the same time opens one saga', async () => {
  await orders.create('o', { a: [1, 10] });
  const outcomes = await orders.overlap(
    (tx) => requestCheckouts(tx, [attempt('o')], CANCEL_AFTER_MS),
    (tx) => requestCheckouts(tx, [attempt('o')], CANCEL_AFTER_MS),
  );
  expect(outcomes.map((outcome) => outcome.decisions[0])).toEqual([
    { kind: 'opened', saga_id: sagaId(1) },
    { kind: 'joined', saga_id: sagaId(1) },
  ]);
  expect(outcomes.map((outcome) => outcome.emit.length)).toEqual([1, 0]);
});

test('a double checkout of an order that failed before, on two replicas at the same time, opens one saga', async () => {
  await orders.create('o', { a: [1, 10] });
  await orders.request(attempt('o'));
  await orders.settle(stockRejected(bill(1, 'o', 10)));
  const outcomes = await orders.overlap(
    (tx) => requestCheckouts(tx, [attempt('o')], CANCEL_AFTER_MS),
    (tx) => requestCheckouts(tx, [attempt('o')], CANCEL_AFTER_MS),
  );
  expect(outcomes.map((outcome) => outcome.decisions[0])).toEqual([
    { kind: 'opened', saga_id: sagaId(2) },
    { kind: 'joined', saga_id: sagaId(2) },
  ]);
  expect(await orders.find('o')).toEqual({ status: 'CHECKING_OUT', saga_id: sagaId(2) });
});

test.each([
  ['fails', stockRejected(bill(1, 'o', 10)), 'FAILED'],
  ['is paid', paymentCaptured(bill(1, 'o', 10)), 'PAID'],
])(
  'a checkout while the last one %s joins it and opens nothing, whichever commits first',
  async (_, event, state) => {
    const settling = settleCheckout(() => {});
    const settle = (tx: Tx) => settling.run(tx, [event]);
    const request = (tx: Tx) => requestCheckouts(tx, [attempt('o')], CANCEL_AFTER_MS);
    const joined = { decisions: [{ kind: 'joined', saga_id: sagaId(1) }], emit: [] };
    for (const settledFirst of [true, false]) {
      await orders.query('TRUNCATE orders, order_lines, sagas');
      await orders.create('o', { a: [1, 10] });
      await orders.request(attempt('o'));
      const outcomes = settledFirst
        ? await orders.overlap(settle, request)
        : (await orders.overlap(request, settle)).toReversed();
      expect(outcomes[1]).toEqual(joined);
      expect(await orders.saga(1)).toMatchObject({ state });
    }
  },
);

test('batches on several replicas that name the same orders in opposite order do not deadlock', async () => {
  const ids = Array.from({ length: 20 }, (_, n) => `o-${n}`);
  for (const [n, id] of ids.entries()) {
    await orders.create(id, { a: [1, 10] }, n);
  }
  const batches = Array.from({ length: 6 }, (_, b) =>
    (b % 2 ? ids.toReversed() : ids).map((id) => attempt(id)),
  );
  const outcomes = await Promise.all(batches.map((batch) => orders.request(...batch)));
  expect(outcomes.flatMap((outcome) => outcome.emit)).toHaveLength(ids.length);
});

test('a checkout waits for an item that is being added and includes it', async () => {
  await orders.create('o', { a: [1, 10] });
  const [, { emit }] = await orders.overlap(
    async (tx) => {
      await tx.run(statement('test_lock', `SELECT FROM orders WHERE id = 'o' FOR NO KEY UPDATE`));
      await tx.run(statement('test_add', `INSERT INTO order_lines VALUES ('o', 'b', 3, 7)`));
    },
    (tx) => requestCheckouts(tx, [attempt('o')], CANCEL_AFTER_MS),
  );
  expect(emit).toEqual([checkoutRequested(bill(1, 'o', 31), { a: 1, b: 3 })]);
});

test('a change to an order that is being frozen is refused', async () => {
  await orders.create('o', { a: [1, 10] });
  await orders.request(attempt('o'));
  await orders.settle(stockRejected(bill(1, 'o', 10)));
  const [, refused] = await orders.overlap(
    (tx) => requestCheckouts(tx, [attempt('o')], CANCEL_AFTER_MS),
    (tx) => lockOpenOrder(tx, 'o', undefined),
  );
  expect(refused).toMatchObject({
    status: 409,
    body: { reason: 'checkout_in_progress', saga_id: sagaId(2) },
  });
});

test('a checkout of a paid order gets its saga and changes nothing', async () => {
  await orders.create('o', { a: [1, 10] });
  await orders.request(attempt('o'));
  await orders.settle(paymentCaptured(bill(1, 'o', 10)));
  const { decisions, emit } = await orders.request(attempt('o'));
  expect(decisions).toEqual([{ kind: 'paid', saga_id: sagaId(1) }]);
  expect(emit).toEqual([]);
  expect((await orders.find('o'))?.status).toBe('PAID');
});

test('an order whose checkout failed can be checked out again, in another saga', async () => {
  await orders.create('o', { a: [1, 10] });
  await orders.request(attempt('o'));
  await orders.settle(stockRejected(bill(1, 'o', 10)));
  const { decisions, emit } = await orders.request(attempt('o'));
  expect(decisions).toEqual([{ kind: 'opened', saga_id: sagaId(2) }]);
  expect(emit).toEqual([checkoutRequested(bill(2, 'o', 10), { a: 1 })]);
});

test('an order frozen for a request that opens nothing is restored', async () => {
  await orders.create('o', { a: [1, 10] });
  await orders.create('empty', {});
  await orders.request(attempt('o', 'key'));
  await orders.settle(stockRejected(bill(1, 'o', 10)));
  const { decisions, emit } = await orders.request(attempt('o', 'key'), attempt('empty'));
  expect(decisions.map(({ kind }) => kind)).toEqual(['repeated', 'empty']);
  expect(emit).toEqual([]);
  expect(await orders.find('o')).toEqual({ status: 'OPEN', saga_id: sagaId(1) });
  expect(await orders.find('empty')).toEqual({ status: 'OPEN', saga_id: null });
});

test('an order names the saga that was opened, even if the first request for it in the batch opened nothing', async () => {
  await orders.create('o', { a: [1, 10] });
  await orders.request(attempt('o', 'key'));
  await orders.settle(stockRejected(bill(1, 'o', 10)));
  const { decisions } = await orders.request(attempt('o', 'key'), attempt('o'), attempt('o'));
  expect(decisions).toEqual([
    { kind: 'repeated', saga_id: sagaId(1) },
    { kind: 'opened', saga_id: sagaId(2) },
    { kind: 'joined', saga_id: sagaId(2) },
  ]);
  expect(await orders.find('o')).toEqual({ status: 'CHECKING_OUT', saga_id: sagaId(2) });
});

test('each attempt has the id after the one before, whichever request opens it', async () => {
  await orders.create('o', { a: [1, 10] }, 0xff);
  for (const n of [0xff, 0x100, 0x101]) {
    const { decisions } = await orders.request(attempt('o'));
    expect(decisions).toEqual([{ kind: 'opened', saga_id: sagaId(n) }]);
    await orders.settle(stockRejected(bill(n, 'o', 10)));
  }
});

test('an order that was restored from a backup offers the ids again that it offered before', async () => {
  await orders.create('o', { a: [1, 10] });
  const lifetime = async () => {
    const ids: unknown[] = [];
    for (let n = 1; n <= 2; n++) {
      ids.push((await orders.request(attempt('o'))).decisions[0]);
      await orders.settle(stockRejected(bill(n, 'o', 10)));
    }
    return ids;
  };
  const first = await lifetime();
  await orders.query('DELETE FROM sagas');
  await orders.query('UPDATE orders SET saga_id = NULL');
  expect(await lifetime()).toEqual(first);
});

test.each([
  ['was created by an earlier version', 'first_saga_id = NULL'],
  ['has used up the ids of its life', `saga_id = '${sagaId(0xffffff)}'`],
])('an order that %s begins with a new id', async (_, change) => {
  await orders.create('o', { a: [1, 10] });
  await orders.query(
    `INSERT INTO sagas (id, order_id, user_id, amount, state, reason, traceparent, deadline_at, settled_at)
     VALUES ($1, 'o', 'user-1', 10, 'FAILED', 'cancelled', '', now(), now())`,
    [sagaId(0xffffff)],
  );
  await orders.query(`UPDATE orders SET ${change}`);
  const { decisions } = await orders.request(attempt('o'));
  const found = await orders.find('o');
  expect(decisions).toEqual([{ kind: 'opened', saga_id: found?.saga_id }]);
  expect(found?.saga_id).not.toContain(sagaId(0).slice(0, 24));
});

describe('with an idempotency key', () => {
  test('a repetition gets the saga of the first request, even after it has failed', async () => {
    await orders.create('o', { a: [1, 10] });
    await orders.request(attempt('o', 'key'));
    await orders.settle(stockRejected(bill(1, 'o', 10)));
    const { decisions, emit } = await orders.request(attempt('o', 'key'));
    expect(decisions).toEqual([{ kind: 'repeated', saga_id: sagaId(1) }]);
    expect(emit).toEqual([]);
    expect((await orders.find('o'))?.status).toBe('OPEN');
  });

  test('another request with the key opens nothing', async () => {
    await orders.create('o', { a: [1, 10] });
    await orders.create('p', { a: [1, 10] }, 9);
    const { decisions, emit } = await orders.request(attempt('o', 'key'), attempt('p', 'key'));
    expect(decisions).toEqual([{ kind: 'opened', saga_id: sagaId(1) }, { kind: 'key_reused' }]);
    expect(emit).toHaveLength(1);
    expect((await orders.find('p'))?.status).toBe('OPEN');
  });

  test('another request with the key on another replica at the same time opens nothing', async () => {
    await orders.create('o', { a: [1, 10] });
    await orders.create('p', { a: [1, 10] }, 9);
    const [, second] = await orders.overlap(
      (tx) => requestCheckouts(tx, [attempt('o', 'key')], CANCEL_AFTER_MS),
      (tx) => requestCheckouts(tx, [attempt('p', 'key')], CANCEL_AFTER_MS),
    );
    expect(second.decisions).toEqual([{ kind: 'key_reused' }]);
    expect((await orders.find('p'))?.status).toBe('OPEN');
  });
});

test('without room for another saga, an open order is refused, and one in flight or paid gets its saga', async () => {
  for (const [n, order] of ['open', 'busy', 'paid'].entries()) {
    await orders.create(order, { a: [1, 10] }, n);
  }
  await orders.request(attempt('busy'), attempt('paid'));
  await orders.settle(paymentCaptured(bill(2, 'paid', 10)));
  const full = (order: string) => ({ ...attempt(order), may_open: false });
  const { decisions, emit } = await orders.request(full('open'), full('busy'), full('paid'));
  expect(decisions).toEqual([
    { kind: 'overloaded' },
    { kind: 'joined', saga_id: sagaId(1) },
    { kind: 'paid', saga_id: sagaId(2) },
  ]);
  expect(emit).toEqual([]);
  expect((await orders.find('open'))?.status).toBe('OPEN');
});
