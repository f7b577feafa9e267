import { cancelOverdue } from '../../order/src/saga/cancel-overdue/step';
import { cancelRequested, paymentCaptured, purchase, sagaId, stockReleased } from '../support/events';
import { attempt, orderFixture } from './order-fixture';

const orders = orderFixture();
const bill = (n: number) => purchase(n, { order_id: `o-${n}`, user_id: 'user-1' });
const sweep = (limit = 256) => orders.transaction((tx) => cancelOverdue(tx, 60_000, limit));

/** Opens sagas 1 to n, all past their deadline, the first by the longest time. */
async function openOverdue(n: number): Promise<void> {
  for (let i = 1; i <= n; i++) {
    await orders.create(`o-${i}`, { a: [1, 10] });
    await orders.request(attempt(`o-${i}`, i));
    const overdue = `UPDATE sagas SET deadline_at = now() - $2 * interval '1 second' WHERE id = $1`;
    await orders.query(overdue, [sagaId(i), 100 - i]);
  }
}

test('asks payment to cancel a saga past its deadline, and decides nothing', async () => {
  await openOverdue(1);
  expect(await sweep()).toEqual([cancelRequested(bill(1))]);
  expect((await orders.find('o-1'))?.status).toBe('CHECKING_OUT');
  expect(await orders.saga(1)).toEqual({ state: 'PENDING', reason: null });
});

test('leaves a saga alone that is not past its deadline', async () => {
  await orders.create('o-1', { a: [1, 10] });
  await orders.request(attempt('o-1', 1));
  expect(await sweep()).toEqual([]);
});

test('asks once per deadline, and again at the next one while the saga is pending', async () => {
  await openOverdue(1);
  await sweep();
  expect(await sweep()).toEqual([]);
  await orders.query(`UPDATE sagas SET deadline_at = now() - interval '1 second'`);
  expect(await sweep()).toEqual([cancelRequested(bill(1))]);
});

test('asks nothing about sagas that have ended', async () => {
  await openOverdue(2);
  await orders.settle(paymentCaptured(bill(1)), stockReleased(bill(2)));
  expect(await sweep()).toEqual([]);
});

test('takes the longest overdue sagas first, and no more than its limit', async () => {
  await openOverdue(3);
  const asked = await sweep(2);
  expect(asked.map((event) => event.data.saga_id).sort()).toEqual([sagaId(1), sagaId(2)]);
  expect((await sweep(2)).map((event) => event.data.saga_id)).toEqual([sagaId(3)]);
});

test('two replicas that sweep at the same time ask about each saga once', async () => {
  await openOverdue(4);
  const [first, second] = await orders.overlap(
    (tx) => cancelOverdue(tx, 60_000, 2),
    (tx) => cancelOverdue(tx, 60_000, 256),
  );
  const asked = [...first, ...second].map((event) => event.data.saga_id);
  expect(asked.sort()).toEqual([1, 2, 3, 4].map(sagaId));
});

test('a capture that arrives during the cancel request still makes the order paid', async () => {
  await openOverdue(1);
  await Promise.all([sweep(), orders.settle(paymentCaptured(bill(1)))]);
  expect((await orders.find('o-1'))?.status).toBe('PAID');
});
