import { chargePayment } from '../../payment/src/saga/3-charge-payment/step';
import type { SagaEvent } from '../../shared/contract/events';
import { InvariantViolation } from '../../shared/errors';
import {
  cancelRequested,
  type Purchase,
  paymentCaptured,
  paymentRejected,
  purchase,
  stockReserved,
} from '../support/events';
import { stepFixture } from '../support/step-fixture';

/** Users whose credit is not the sum of their ledger, and charges that the ledger tells otherwise. */
const BROKEN = `
  SELECT id, credit FROM users
  WHERE credit < 0 OR credit <> (SELECT coalesce(sum(delta), 0) FROM credit_ledger WHERE user_id = users.id)
  UNION ALL
  SELECT c.saga_id::text, c.amount FROM charges c
  WHERE CASE c.state WHEN 'CAPTURED' THEN ARRAY[-c.amount] ELSE '{}' END <>
    ARRAY(SELECT delta FROM credit_ledger l WHERE l.saga_id = c.saga_id AND l.user_id = c.user_id)`;

const bench = stepFixture('payment', 'users, credit_ledger, charges', BROKEN);
const [first, second] = [purchase(1, { user_id: 'rich' }), purchase(2, { user_id: 'rich' })];

beforeEach(() =>
  bench.query(
    `WITH new (id, credit) AS (VALUES ('rich', 100), ('poor', 9)), ledger AS (
       INSERT INTO credit_ledger (user_id, delta, kind) SELECT id, credit, 'add_funds' FROM new
     ) INSERT INTO users SELECT * FROM new`,
  ),
);

const charge = (...events: SagaEvent[]) => bench.transaction((tx) => chargePayment.run(tx, events));
const creditOf = async (id: string) =>
  (await bench.query<{ credit: number }>('SELECT credit FROM users WHERE id = $1', [id]))[0]?.credit;
const decisionOn = async ({ saga_id }: Purchase) =>
  (await bench.query<{ state: string }>('SELECT state FROM charges WHERE saga_id = $1', [saga_id]))[0]?.state;

test('takes the credit and says so', async () => {
  const { emit, duplicates } = await charge(stockReserved(first));
  expect(emit).toEqual([paymentCaptured(first)]);
  expect(duplicates).toBe(0);
  expect(await creditOf('rich')).toBe(90);
  expect(await decisionOn(first)).toBe('CAPTURED');
});

test('takes the last credit there is', async () => {
  const all = purchase(1, { user_id: 'poor', amount: 9 });
  expect((await charge(stockReserved(all))).emit).toEqual([paymentCaptured(all)]);
  expect(await creditOf('poor')).toBe(0);
});

test('captures an order that costs nothing', async () => {
  const free = purchase(1, { user_id: 'poor', amount: 0 });
  expect((await charge(stockReserved(free))).emit).toEqual([paymentCaptured(free)]);
  expect(await creditOf('poor')).toBe(9);
});

test('refuses, and takes nothing, when the credit is one short', async () => {
  const bought = purchase(1, { user_id: 'poor' });
  expect((await charge(stockReserved(bought))).emit).toEqual([
    paymentRejected(bought, 'insufficient_credit'),
  ]);
  expect(await creditOf('poor')).toBe(9);
  expect(await decisionOn(bought)).toBe('REJECTED');
});

test('refuses a user who does not exist', async () => {
  const bought = purchase(1, { user_id: 'nobody' });
  expect((await charge(stockReserved(bought))).emit).toEqual([paymentRejected(bought, 'unknown_user')]);
  expect(await decisionOn(bought)).toBe('REJECTED');
});

test('one user who buys twice in a batch pays for both, and for no more than there is credit', async () => {
  const dear = purchase(3, { user_id: 'rich', amount: 90 });
  const { emit } = await charge(stockReserved(first), stockReserved(dear), stockReserved(second));
  expect(emit).toEqual([
    paymentCaptured(first),
    paymentCaptured(dear),
    paymentRejected(second, 'insufficient_credit'),
  ]);
  expect(await creditOf('rich')).toBe(0);
});

test('a cancel that comes before the reservation is the decision, and the reservation is refused by it', async () => {
  const cancelled = paymentRejected(first, 'cancelled');
  expect((await charge(cancelRequested(first))).emit).toEqual([cancelled]);
  const { emit, duplicates } = await charge(stockReserved(first));
  expect(emit).toEqual([cancelled]);
  expect(duplicates).toBe(1);
  expect(await creditOf('rich')).toBe(100);
  expect(await decisionOn(first)).toBe('CANCELLED');
});

test('a cancel that comes after the charge is answered with the capture, and gives nothing back', async () => {
  await charge(stockReserved(first));
  expect((await charge(cancelRequested(first))).emit).toEqual([paymentCaptured(first)]);
  expect(await creditOf('rich')).toBe(90);
});

test.each([
  ['charge', stockReserved(first), cancelRequested(first), 'CAPTURED', 90],
  ['cancel', cancelRequested(first), stockReserved(first), 'CANCELLED', 100],
])(
  'of charge and cancel on two replicas at once, the %s that was first wins',
  async (_, one, two, state, left) => {
    const outcomes = await bench.overlap(
      (tx) => chargePayment.run(tx, [one]),
      (tx) => chargePayment.run(tx, [two]),
    );
    expect(outcomes[1].emit).toEqual(outcomes[0].emit);
    expect(await decisionOn(first)).toBe(state);
    expect(await creditOf('rich')).toBe(left);
  },
);

describe('a duplicate', () => {
  test('of a charge is answered again and takes nothing more', async () => {
    await charge(stockReserved(first));
    const { emit, duplicates } = await charge(stockReserved(first));
    expect(emit).toEqual([paymentCaptured(first)]);
    expect(duplicates).toBe(1);
    expect(await creditOf('rich')).toBe(90);
  });

  test('within one batch takes nothing more', async () => {
    const { emit, duplicates } = await charge(stockReserved(first), stockReserved(first));
    expect(emit).toEqual([paymentCaptured(first), paymentCaptured(first)]);
    expect(duplicates).toBe(1);
    expect(await creditOf('rich')).toBe(90);
  });

  test('that is handled by another replica at the same time takes nothing more', async () => {
    const outcomes = await bench.overlap(
      (tx) => chargePayment.run(tx, [stockReserved(first)]),
      (tx) => chargePayment.run(tx, [stockReserved(first), stockReserved(second)]),
    );
    expect(outcomes.map((outcome) => outcome.duplicates)).toEqual([0, 1]);
    expect(await creditOf('rich')).toBe(80);
  });

  test('of a refusal is refused again, although the user has credit by now', async () => {
    const bought = purchase(1, { user_id: 'poor' });
    await charge(stockReserved(bought));
    await bench.query(
      `WITH ledger AS (INSERT INTO credit_ledger (user_id, delta, kind) VALUES ('poor', 50, 'add_funds'))
       UPDATE users SET credit = credit + 50 WHERE id = 'poor'`,
    );
    expect((await charge(stockReserved(bought))).emit).toEqual([paymentRejected(bought)]);
    expect(await creditOf('poor')).toBe(59);
  });
});

test('a second attempt of an order is decided by itself, whatever became of the first', async () => {
  const again = purchase(2, { user_id: 'rich', order_id: first.order_id });
  await charge(cancelRequested(first));
  expect((await charge(stockReserved(again))).emit).toEqual([paymentCaptured(again)]);
  expect((await charge(cancelRequested(first))).emit).toEqual([paymentRejected(first, 'cancelled')]);
  expect(await creditOf('rich')).toBe(90);
});

test('forty charges of one user on several replicas at once take what there is and no more', async () => {
  const bought = Array.from({ length: 40 }, (_, n) => purchase(n, { user_id: 'rich' }));
  const outcomes = await Promise.all(bought.map((each) => charge(stockReserved(each))));
  const told = outcomes.flatMap((outcome) => outcome.emit.map((event) => event.type));
  expect(told.filter((type) => type === 'payment.captured')).toHaveLength(10);
  expect(told.filter((type) => type === 'payment.rejected')).toHaveLength(30);
  expect(await creditOf('rich')).toBe(0);
});

test('an event that asks payment for nothing changes nothing, and takes its batch back with it', async () => {
  await expect(charge(stockReserved(first), paymentCaptured(second))).rejects.toThrow(InvariantViolation);
  expect(await creditOf('rich')).toBe(100);
  expect(await decisionOn(first)).toBeUndefined();
});
