import { cancelOverdue } from '../../order/src/saga/cancel-overdue/step';
import { cancelRequested, paymentCaptured, purchase, sagaId, stockReleased } from '../support/events';
import { click, orderBench } from './order';

const desk = orderBench();
const bill = (n: number) => purchase(n, { order_id: `o-${n}`, user_id: 'user-1' });
const sweep = (limit = 256) => desk.transaction((tx) => cancelOverdue(tx, 60_000, limit));

/** Opens sagas 1 to n, all past their deadline, the first the longest. */
async function openOverdue(n: number): Promise<void> {
  for (let i = 1; i <= n; i++) {
    await desk.create(`o-${i}`, { a: [1, 10] });
    await desk.request(click(`o-${i}`, i));
    const overdue = `UPDATE sagas SET deadline_at = now() - $2 * interval '1 second' WHERE id = $1`;
    await desk.query(overdue, [sagaId(i), 100 - i]);
  }
}

test('asks payment to cancel what is past its deadline, and decides nothing', async () => {
  await openOverdue(1);
  expect(await sweep()).toEqual([cancelRequested(bill(1))]);
  expect((await desk.order('o-1'))?.status).toBe('CHECKING_OUT');
  expect(await desk.saga(1)).toEqual({ state: 'PENDING', reason: null });
});

test('leaves alone what is not past its deadline', async () => {
  await desk.create('o-1', { a: [1, 10] });
  await desk.request(click('o-1', 1));
  expect(await sweep()).toEqual([]);
});

test('asks once per deadline, and again after another one, for as long as the saga is pending', async () => {
  await openOverdue(1);
  await sweep();
  expect(await sweep()).toEqual([]);
  await desk.query(`UPDATE sagas SET deadline_at = now() - interval '1 second'`);
  expect(await sweep()).toEqual([cancelRequested(bill(1))]);
});

test('asks nothing about sagas that have ended', async () => {
  await openOverdue(2);
  await desk.settle(paymentCaptured(bill(1)), stockReleased(bill(2)));
  expect(await sweep()).toEqual([]);
});

test('takes the longest overdue first, and no more than its limit', async () => {
  await openOverdue(3);
  const asked = await sweep(2);
  expect(asked.map((event) => event.data.saga_id).sort()).toEqual([sagaId(1), sagaId(2)]);
  expect((await sweep(2)).map((event) => event.data.saga_id)).toEqual([sagaId(3)]);
});

test('two replicas that sweep at once ask about each saga once', async () => {
  await openOverdue(4);
  const [one, two] = await desk.overlap(
    (tx) => cancelOverdue(tx, 60_000, 2),
    (tx) => cancelOverdue(tx, 60_000, 256),
  );
  const asked = [...one, ...two].map((event) => event.data.saga_id);
  expect(asked.sort()).toEqual([1, 2, 3, 4].map(sagaId));
});

test('a capture that arrives while the cancel is being asked for still makes the order paid', async () => {
  await openOverdue(1);
  await Promise.all([sweep(), desk.settle(paymentCaptured(bill(1)))]);
  expect((await desk.order('o-1'))?.status).toBe('PAID');
});
