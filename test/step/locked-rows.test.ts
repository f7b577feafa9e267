import {
  requestWithoutWaiting,
  requestWithoutWriting,
} from '../../order/src/saga/1-request-checkout/without-waiting';
import { settleCheckout } from '../../order/src/saga/5-settle-checkout/step';
import { chargePayment } from '../../payment/src/saga/3-charge-payment/step';
import type { SagaEvent } from '../../shared/contract/events';
import type { Step } from '../../shared/inbox/step';
import { statement } from '../../shared/postgres/statement';
import type { Tx } from '../../shared/postgres/tx';
import { reserveStock } from '../../stock/src/saga/2-reserve-stock/step';
import { settleReservation } from '../../stock/src/saga/4-settle-reservation/step';
import {
  cancelRequested,
  checkoutRequested,
  paymentCaptured,
  paymentRejected,
  purchase,
  sagaId,
  stockRejected,
  stockReserved,
} from '../support/events';
import { type StepFixture, stepFixture } from '../support/step-fixture';
import { attempt, CANCEL_AFTER_MS, orderFixture } from './order-fixture';
import { stockFixture } from './stock-fixture';

/** While another session has rows locked, each step knows which of its events need them, and waits for none. */

let strangers = 0;
const stranger = (lock: string) => statement(`test_stranger_${strangers++}`, lock);

/** Returns what a step finds while a stranger has a row locked, as saga and row. */
async function foundWhile(
  fixture: Pick<StepFixture, 'overlap'>,
  lock: string,
  step: Step,
  events: readonly SagaEvent[],
): Promise<Record<string, string>> {
  const hold = stranger(lock);
  const [, found] = await fixture.overlap(
    (tx) => tx.run(hold),
    (tx) => step.findBlocked(tx, events),
  );
  return Object.fromEntries([...found].map(([event, row]) => [event.data.saga_id, row]));
}

const [first, second, third] = [purchase(1), purchase(2), purchase(3)];

describe('stock', () => {
  const stock = stockFixture();

  test('a reservation is blocked by a locked item among its lines', async () => {
    await stock.addItems({ a: 1, b: 1 });
    const events = [
      checkoutRequested(first, { b: 1 }),
      checkoutRequested(second, { a: 1, b: 1 }),
      checkoutRequested(third, { unheard_of: 1 }),
    ];
    const lock = `SELECT FROM items WHERE id = 'a' FOR UPDATE`;
    expect(await foundWhile(stock, lock, reserveStock, events)).toEqual({ [second.saga_id]: 'items/a' });
  });

  test('a reservation of scarce units does not wait for a locked reservation of the same item', async () => {
    await stock.addItems({ a: 1 });
    await stock.reserve(checkoutRequested(first, { a: 1 }));
    const hold = stranger('SELECT FROM reservations FOR UPDATE');
    const [, { emit }] = await stock.overlap(
      (tx) => tx.run(hold),
      (tx) => reserveStock.run(tx, [checkoutRequested(second, { a: 1 })], true),
    );
    expect(emit).toEqual([]);
    expect(await stock.stateOf(second)).toBe('WAITING');
  });

  test('a sale is blocked by its own locked reservation, and not by its items', async () => {
    await stock.addItems({ a: 9 });
    await stock.reserve(checkoutRequested(first, { a: 1 }), checkoutRequested(second, { a: 1 }));
    const events = [paymentCaptured(first), paymentCaptured(second)];
    const settle = settleReservation(() => {});
    const reservation = `SELECT FROM reservations WHERE saga_id = '${first.saga_id}' FOR UPDATE`;
    expect(await foundWhile(stock, reservation, settle, events)).toEqual({
      [first.saga_id]: `reservations/${first.saga_id}`,
    });
    expect(await foundWhile(stock, 'SELECT FROM items FOR UPDATE', settle, events)).toEqual({});
  });

  test('a release is blocked by the locked item that gets its units back, and a tombstone by nothing', async () => {
    await stock.addItems({ a: 9, b: 9 });
    await stock.reserve(checkoutRequested(first, { a: 1 }), checkoutRequested(second, { b: 1 }));
    const events = [paymentRejected(first), paymentRejected(second), paymentRejected(third)];
    const lock = `SELECT FROM items WHERE id = 'a' FOR UPDATE`;
    expect(
      await foundWhile(
        stock,
        lock,
        settleReservation(() => {}),
        events,
      ),
    ).toEqual({
      [first.saga_id]: 'items/a',
    });
  });
});

describe('payment', () => {
  const payment = stepFixture('payment', 'users, credit_ledger, charges', 'SELECT 1 WHERE false');

  test('a charge is blocked by its locked user, and a cancellation by nothing', async () => {
    await payment.query(`INSERT INTO users (id, credit) SELECT unnest($1::text[]), 100`, [
      [first.user_id, second.user_id],
    ]);
    const events = [stockReserved(first), stockReserved(second), cancelRequested(third)];
    const lock = `SELECT FROM users WHERE id = '${first.user_id}' FOR UPDATE`;
    const own = first.user_id === second.user_id ? [first, second] : [first];
    expect(await foundWhile(payment, lock, chargePayment, events)).toEqual(
      Object.fromEntries(own.map(({ saga_id, user_id }) => [saga_id, `users/${user_id}`])),
    );
  });
});

describe('order', () => {
  const orders = orderFixture();
  const hold = (id: string) => stranger(`SELECT FROM orders WHERE id = '${id}' FOR UPDATE`);
  const without = (tx: Tx, ...requests: ReturnType<typeof attempt>[]) =>
    requestWithoutWaiting(tx, requests, CANCEL_AFTER_MS);

  test('a settlement is blocked by its locked saga', async () => {
    await orders.create('o', { a: [1, 10] });
    const { decisions } = await orders.request(attempt('o'));
    const [opened] = decisions as { saga_id: string }[];
    const saga = { ...purchase(1), saga_id: opened?.saga_id ?? '' };
    const found = await foundWhile(
      orders,
      'SELECT FROM sagas FOR UPDATE',
      settleCheckout(() => {}),
      [paymentCaptured(saga), paymentCaptured(second)],
    );
    expect(found).toEqual({ [saga.saga_id]: `sagas/${saga.saga_id}` });
  });

  test('a checkout of a locked open order opens nothing, and the others of its batch are opened', async () => {
    await orders.create('held', { a: [1, 10] });
    await orders.create('free', { a: [1, 10] });
    const [, { decisions, emit }] = await orders.overlap(
      (tx) => tx.run(hold('held')),
      (tx) => without(tx, attempt('held'), attempt('free'), attempt('unheard_of')),
    );
    expect(decisions.map(({ kind }) => kind)).toEqual(['locked', 'opened', 'unknown_order']);
    expect(emit.map((event) => event.data.order_id)).toEqual(['free']);
    expect((await orders.find('held'))?.status).toBe('OPEN');
  });

  test('a checkout of a locked order is refused at once when there is no room for another', async () => {
    await orders.create('o', { a: [1, 10] });
    const [, { decisions }] = await orders.overlap(
      (tx) => tx.run(hold('o')),
      (tx) => without(tx, { ...attempt('o'), may_open: false }),
    );
    expect(decisions).toEqual([{ kind: 'overloaded' }]);
  });

  test('a checkout of a locked order joins the saga in flight', async () => {
    await orders.create('o', { a: [1, 10] });
    const { decisions: before } = await orders.request(attempt('o'));
    const [, { decisions }] = await orders.overlap(
      (tx) => tx.run(hold('o')),
      (tx) => without(tx, attempt('o')),
    );
    expect(decisions).toEqual([{ ...before[0], kind: 'joined' }]);
  });

  test('a key that joined while the order was locked replays the outcome afterwards, and opens nothing', async () => {
    await orders.create('o', { a: [1, 10] });
    await orders.request(attempt('o'));
    const [, { decisions: joined }] = await orders.overlap(
      (tx) => tx.run(hold('o')),
      (tx) => without(tx, attempt('o', 'key')),
    );
    expect(joined).toEqual([{ kind: 'joined', saga_id: sagaId(1) }]);
    await orders.settle(stockRejected(purchase(1, { order_id: 'o', user_id: 'user-1', amount: 10 })));
    const { decisions } = await orders.request(attempt('o', 'key'));
    expect(decisions).toEqual([{ kind: 'repeated', saga_id: sagaId(1) }]);
  });

  test('a key that another request has used is refused also while the order is locked', async () => {
    await orders.create('o', { a: [1, 10] });
    await orders.create('p', { a: [1, 10] }, 100);
    await orders.request(attempt('o', 'key'));
    const [, { decisions }] = await orders.overlap(
      (tx) => tx.run(hold('p')),
      (tx) => without(tx, attempt('p', 'key')),
    );
    expect(decisions).toEqual([{ kind: 'key_reused' }]);
  });

  test('while the whole table is locked, a checkout learns whether its order is in flight', async () => {
    await orders.create('in_flight', { a: [1, 10] });
    await orders.create('open', { a: [1, 10] }, 100);
    await orders.request(attempt('in_flight'));
    const lock = stranger('LOCK TABLE orders IN SHARE MODE');
    const requests = [attempt('in_flight'), attempt('open'), attempt('unheard_of')];
    const [, { decisions, emit }] = await orders.overlap(
      (tx) => tx.run(lock),
      (tx) => requestWithoutWriting(tx, requests, CANCEL_AFTER_MS),
    );
    expect(decisions).toEqual([
      { kind: 'joined', saga_id: sagaId(1) },
      { kind: 'locked' },
      { kind: 'unknown_order' },
    ]);
    expect(emit).toEqual([]);
  });
});
