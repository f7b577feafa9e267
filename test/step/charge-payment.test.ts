import { chargePayment } from '../../payment/src/saga/3-charge-payment/step';
import type { SagaEvent } from '../../shared/contract/events';
import { InvariantViolation } from '../../shared/errors';
import {
  cancelRequested,
  decisionRequested,
  type Purchase,
  paymentCaptured,
  paymentRejected,
  purchase,
  stockReserved,
} from '../support/events';
import { stepFixture } from '../support/step-fixture';

/** Finds users whose credit is not the sum of their ledger, and charges that their ledger contradicts. */
const BROKEN = `
  SELECT id, credit FROM users
  WHERE credit < 0 OR credit <> (SELECT coalesce(sum(delta), 0) FROM credit_ledger WHERE user_id = users.id)
  UNION ALL
  SELECT c.saga_id::text, c.amount FROM charges c
  WHERE CASE c.state WHEN 'CAPTURED' THEN ARRAY[-c.amount] ELSE '{}' END <>
    ARRAY(SELECT delta FROM credit_ledger l WHERE l.saga_id = c.saga_id AND l.user_id = c.user_id)`;

const payment = stepFixture('payment', 'users, credit_ledger, charges', BROKEN);
const [first, second] = [purchase(1, { user_id: 'rich' }), purchase(2, { user_id: 'rich' })];

beforeEach(() =>
  payment.query(
    `WITH new (id, credit) AS (VALUES ('rich', 100), ('poor', 9)), ledger AS (
       INSERT INTO credit_ledger (user_id, delta, kind) SELECT id, credit, 'add_funds' FROM new
     ) INSERT INTO users SELECT * FROM new`,
  ),
);

const charge = (...events: SagaEvent[]) => payment.transaction((tx) => chargePayment.run(tx, events));
const creditOf = async (id: string) =>
  (await payment.query<{ credit: number }>('SELECT credit FROM users WHERE id = $1', [id]))[0]?.credit;
const decisionOn = async ({ saga_id }: Purchase) =>
  (await payment.query<{ state: string }>('SELECT state FROM charges WHERE saga_id = $1', [saga_id]))[0]
    ?.state;

test('takes the credit and publishes the capture', async () => {
  const { emit, duplicates } = await charge(stockReserved(first));
  expect(emit).toEqual([paymentCaptured(first)]);
  expect(duplicates).toBe(0);
  expect(await creditOf('rich')).toBe(90);
  expect(await decisionOn(first)).toBe('CAPTURED');
});

test('takes the last of the credit', async () => {
  const bought = purchase(1, { user_id: 'poor', amount: 9 });
  expect((await charge(stockReserved(bought))).emit).toEqual([paymentCaptured(bought)]);
  expect(await creditOf('poor')).toBe(0);
});

test('captures an order that costs nothing', async () => {
  const free = purchase(1, { user_id: 'poor', amount: 0 });
  expect((await charge(stockReserved(free))).emit).toEqual([paymentCaptured(free)]);
  expect(await creditOf('poor')).toBe(9);
});

test('refuses and takes nothing when the credit is one short', async () => {
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

test('a user with several purchases in a batch pays for those that the credit covers, and for no more', async () => {
  const expensive = purchase(3, { user_id: 'rich', amount: 90 });
  const { emit } = await charge(stockReserved(first), stockReserved(expensive), stockReserved(second));
  expect(emit).toEqual([
    paymentCaptured(first),
    paymentCaptured(expensive),
    paymentRejected(second, 'insufficient_credit'),
  ]);
  expect(await creditOf('rich')).toBe(0);
});

test('a cancel that comes before the reservation decides, so the charge is refused', async () => {
  const cancelled = paymentRejected(first, 'cancelled');
  expect((await charge(cancelRequested(first))).emit).toEqual([cancelled]);
  const { emit, duplicates } = await charge(stockReserved(first));
  expect(emit).toEqual([cancelled]);
  expect(duplicates).toBe(1);
  expect(await creditOf('rich')).toBe(100);
  expect(await decisionOn(first)).toBe('CANCELLED');
});

test('a cancel that comes after the charge gets the capture again, and nothing is given back', async () => {
  await charge(stockReserved(first));
  expect((await charge(cancelRequested(first))).emit).toEqual([paymentCaptured(first)]);
  expect(await creditOf('rich')).toBe(90);
});

test('a question of stock is decided as a cancel, and gets the recorded decision', async () => {
  await charge(stockReserved(second));
  const { emit, duplicates } = await charge(decisionRequested(first), decisionRequested(second));
  expect(emit).toEqual([paymentRejected(first, 'cancelled'), paymentCaptured(second)]);
  expect(duplicates).toBe(1);
  expect(await creditOf('rich')).toBe(90);
});

test('a capture says what was bought, also when it is repeated', async () => {
  const captured = [paymentCaptured(first, -7)];
  expect((await charge(stockReserved(first, -7))).emit).toEqual(captured);
  expect((await charge(cancelRequested(first))).emit).toEqual(captured);
});

test.each([
  ['charge', stockReserved(first), cancelRequested(first), 'CAPTURED', 90],
  ['cancel', cancelRequested(first), stockReserved(first), 'CANCELLED', 100],
])(
  'when a charge and a cancel race on two replicas, the %s that is first wins',
  async (_, winner, loser, state, left) => {
    const outcomes = await payment.overlap(
      (tx) => chargePayment.run(tx, [winner]),
      (tx) => chargePayment.run(tx, [loser]),
    );
    expect(outcomes[1].emit).toEqual(outcomes[0].emit);
    expect(await decisionOn(first)).toBe(state);
    expect(await creditOf('rich')).toBe(left);
  },
);

describe('a duplicate', () => {
  test('of a charge gets the capture again and takes nothing more', async () => {
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

  test('that another replica handles at the same time takes nothing more', async () => {
    const outcomes = await payment.overlap(
      (tx) => chargePayment.run(tx, [stockReserved(first)]),
      (tx) => chargePayment.run(tx, [stockReserved(first), stockReserved(second)]),
    );
    expect(outcomes.map((outcome) => outcome.duplicates)).toEqual([0, 1]);
    expect(await creditOf('rich')).toBe(80);
  });

  test('that names another order gets the decision on its saga', async () => {
    await charge(stockReserved(first));
    const { emit, duplicates } = await charge(stockReserved({ ...first, order_id: 'another' }));
    expect([emit, duplicates]).toEqual([[paymentCaptured(first)], 1]);
  });

  test('of a refused charge is refused again, although the user has enough credit by then', async () => {
    const bought = purchase(1, { user_id: 'poor' });
    await charge(stockReserved(bought));
    await payment.query(
      `WITH ledger AS (INSERT INTO credit_ledger (user_id, delta, kind) VALUES ('poor', 50, 'add_funds'))
       UPDATE users SET credit = credit + 50 WHERE id = 'poor'`,
    );
    expect((await charge(stockReserved(bought))).emit).toEqual([paymentRejected(bought)]);
    expect(await creditOf('poor')).toBe(59);
  });
});

test('a second attempt at an order is decided on its own, however the first one ended', async () => {
  const again = purchase(2, { user_id: 'rich', order_id: first.order_id });
  await charge(cancelRequested(first));
  expect((await charge(stockReserved(again))).emit).toEqual([paymentCaptured(again)]);
  expect((await charge(cancelRequested(first))).emit).toEqual([paymentRejected(first, 'cancelled')]);
  expect(await creditOf('rich')).toBe(90);
});

describe('attempts of one order, when a restored database or an old message brings one back', () => {
  /** Three attempts of one life of an order, and the first attempt of its next life. */
  const [one, two, three] = [1, 2, 3].map((n) => purchase(n, { user_id: 'rich', order_id: 'o' })) as [
    Purchase,
    Purchase,
    Purchase,
  ];
  const replaced = { ...one, saga_id: '00000000-0000-7000-8000-000001000000' };
  const charges = async () =>
    (await payment.query<{ state: string }>('SELECT state FROM charges ORDER BY saga_id')).map(
      (row) => row.state,
    );

  test('a later attempt is cancelled when an earlier one is captured, however often it is tried', async () => {
    await charge(stockReserved(one));
    expect((await charge(stockReserved(two))).emit).toEqual([paymentRejected(two, 'cancelled')]);
    expect((await charge(stockReserved(three))).emit).toEqual([paymentRejected(three, 'cancelled')]);
    expect(await charges()).toEqual(['CAPTURED', 'CANCELLED', 'CANCELLED']);
    expect(await creditOf('rich')).toBe(90);
  });

  test.each([
    ['captured', stockReserved(two), 'CAPTURED'],
    ['rejected', stockReserved({ ...two, amount: 1_000 }), 'REJECTED'],
    ['cancelled', cancelRequested(two), 'CANCELLED'],
  ])('an earlier attempt is cancelled when a later one is %s', async (_, later, state) => {
    await charge(later);
    expect((await charge(stockReserved(one))).emit).toEqual([paymentRejected(one, 'cancelled')]);
    expect(await charges()).toEqual(['CANCELLED', state]);
  });

  test.each([
    ['rejected', stockReserved({ ...one, amount: 1_000 }), 'REJECTED'],
    ['cancelled', cancelRequested(one), 'CANCELLED'],
  ])('a later attempt is captured after an earlier one was %s', async (_, earlier, state) => {
    await charge(earlier);
    await charge(stockReserved(two));
    expect(await charges()).toEqual([state, 'CAPTURED']);
  });

  test('in one batch, only the first one is captured', async () => {
    const { emit } = await charge(stockReserved(one), stockReserved(two), stockReserved(one));
    expect(emit.map(({ type }) => type)).toEqual([
      'payment.captured',
      'payment.rejected',
      'payment.captured',
    ]);
    expect(await charges()).toEqual(['CAPTURED', 'CANCELLED']);
    expect(await creditOf('rich')).toBe(90);
  });

  test('on two replicas at once, only one is captured', async () => {
    await payment.overlap(
      (tx) => chargePayment.run(tx, [stockReserved(one)]),
      (tx) => chargePayment.run(tx, [stockReserved(two)]),
    );
    expect(await charges()).toEqual(['CAPTURED', 'CANCELLED']);
  });

  test('neither another life of the order nor another order counts', async () => {
    const other = purchase(2, { user_id: 'rich', order_id: 'p' });
    await charge(stockReserved(one), stockReserved(replaced), stockReserved(other));
    expect(await charges()).toEqual(['CAPTURED', 'CAPTURED', 'CAPTURED']);
  });
});

test('forty concurrent charges of one user on several replicas take all of the credit and no more', async () => {
  const bought = Array.from({ length: 40 }, (_, n) => purchase(n, { user_id: 'rich' }));
  const outcomes = await Promise.all(bought.map((purchased) => charge(stockReserved(purchased))));
  const emitted = outcomes.flatMap((outcome) => outcome.emit.map((event) => event.type));
  expect(emitted.filter((type) => type === 'payment.captured')).toHaveLength(10);
  expect(emitted.filter((type) => type === 'payment.rejected')).toHaveLength(30);
  expect(await creditOf('rich')).toBe(0);
});

test('an event that does not ask payment for a decision rolls back its whole batch', async () => {
  await expect(charge(stockReserved(first), paymentCaptured(second))).rejects.toThrow(InvariantViolation);
  expect(await creditOf('rich')).toBe(100);
  expect(await decisionOn(first)).toBeUndefined();
});
