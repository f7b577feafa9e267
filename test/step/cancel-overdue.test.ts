import { cancelOverdue } from '../../order/src/saga/cancel-overdue/step';
import { cancelRequested, paymentCaptured, purchase, sagaId, stockReleased } from '../support/events';
import { attempt, CANCEL_AFTER_MS, orderFixture } from './order-fixture';

const orders = orderFixture();
const bill = (n: number) => purchase(n, { order_id: `o-${n}`, user_id: 'user-1' });
/** Payment has been reading its queue for months, unless a test says otherwise. */
const options = { cancelAfterMs: 60_000, readingForMs: 1e10 as number | null, limit: 256 };
const sweep = (given: Partial<typeof options> = {}) =>
  orders.transaction((tx) => cancelOverdue(tx, { ...options, ...given }));

/** Opens sagas 1 to n, all past their deadline, the first by the longest time. */
async function openOverdue(n: number): Promise<void> {
  for (let i = 1; i <= n; i++) {
    await orders.create(`o-${i}`, { a: [1, 10] }, i);
    await orders.request(attempt(`o-${i}`));
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
  await orders.request(attempt('o-1'));
  expect(await sweep()).toEqual([]);
});

test('asks once per deadline, and again at the next one while the saga is pending', async () => {
  await openOverdue(1);
  await sweep();
  expect(await sweep()).toEqual([]);
  await orders.query(`UPDATE sagas SET deadline_at = now() - interval '1 second'`);
  expect(await sweep()).toEqual([cancelRequested(bill(1))]);
});

/** Lets this many seconds pass for all sagas; a negative number sets the clock back. */
const pass = (seconds: number) =>
  orders.query(
    `UPDATE sagas SET opened_at = opened_at - $1 * interval '1 second',
            deadline_at = deadline_at - $1 * interval '1 second'`,
    [seconds],
  );

test('asks again at least every 20 seconds, and less often what its requests have not ended, but every hour', async () => {
  await openOverdue(1);
  await sweep();
  for (let n = 2; n <= 15; n++) {
    await pass(21);
    expect([n, (await sweep()).length]).toEqual([n, 1]);
  }
  await pass(2_000);
  expect(await sweep()).toHaveLength(1);
  await pass(100);
  expect(await sweep()).toEqual([]);
  await pass(40);
  expect(await sweep()).toHaveLength(1);
  await pass(864_000);
  expect(await sweep()).toHaveLength(1);
  await pass(3_590);
  expect(await sweep()).toEqual([]);
  await pass(20);
  expect(await sweep()).toHaveLength(1);
});

test('while payment does not read its queue, asks about each saga once, and then less and less often', async () => {
  const cancelAfterMs = CANCEL_AFTER_MS;
  const unread = () => sweep({ cancelAfterMs, readingForMs: null });
  await orders.create('o-1', { a: [1, 10] });
  await orders.request(attempt('o-1'));
  await pass(9);
  expect(await unread()).toEqual([cancelRequested(bill(1))]);
  await pass(60);
  expect(await unread()).toEqual([]);
  await pass(300);
  expect(await unread()).toHaveLength(1);
  await pass(36_000);
  expect(await unread()).toHaveLength(1);
  await pass(3_600);
  expect(await unread()).toEqual([]);
});

test('asks about everything once payment reads again, however long and often it has asked before', async () => {
  await openOverdue(1);
  await pass(864_000);
  expect(await sweep()).toHaveLength(1);
  await pass(21);
  expect(await sweep()).toEqual([]);
  expect(await sweep({ readingForMs: 0 })).toHaveLength(1);
  await pass(21);
  expect(await sweep({ readingForMs: 21_000 })).toHaveLength(1);
  // After that the requests become rarer once more.
  await pass(21);
  expect(await sweep({ readingForMs: 600_000 })).toHaveLength(1);
  await pass(21);
  expect(await sweep({ readingForMs: 621_000 })).toEqual([]);
});

test('a clock that is set back delays no request', async () => {
  await openOverdue(1);
  await sweep();
  await pass(-7_200);
  expect(await sweep()).toHaveLength(1);
});

test('asks nothing about sagas that have ended', async () => {
  await openOverdue(2);
  await orders.settle(paymentCaptured(bill(1)), stockReleased(bill(2)));
  expect(await sweep()).toEqual([]);
});

test('takes the longest overdue sagas first, and no more than its limit', async () => {
  await openOverdue(3);
  const asked = await sweep({ limit: 2 });
  expect(asked.map((event) => event.data.saga_id).sort()).toEqual([sagaId(1), sagaId(2)]);
  expect((await sweep({ limit: 2 })).map((event) => event.data.saga_id)).toEqual([sagaId(3)]);
});

test('two replicas that sweep at the same time ask about each saga once', async () => {
  await openOverdue(4);
  const [first, second] = await orders.overlap(
    (tx) => cancelOverdue(tx, { ...options, limit: 2 }),
    (tx) => cancelOverdue(tx, options),
  );
  const asked = [...first, ...second].map((event) => event.data.saga_id);
  expect(asked.sort()).toEqual([1, 2, 3, 4].map(sagaId));
});

test('a capture that arrives during the cancel request still makes the order paid', async () => {
  await openOverdue(1);
  await Promise.all([sweep(), orders.settle(paymentCaptured(bill(1)))]);
  expect((await orders.find('o-1'))?.status).toBe('PAID');
});
