import { expect, test } from '@jest/globals';
import { auditHistory } from '../../../tools/audit/history/audit-history';
import { type Exchange, readHistory } from '../../../tools/audit/history/history';
import type { Loss } from '../../../tools/audit/history/loss';
import type { OrderTruth, Truth } from '../../../tools/audit/history/truth';
import { sagaId } from '../../support/events';

/** Ann buys two units of an item for 5 each out of 10 in stock, with a credit of 100. */
const saga = sagaId(1);
const prologue: Exchange[] = [
  exchange(1, 'POST /payment/create_user', 200, { user_id: 'ann' }),
  exchange(2, 'POST /payment/add_funds/ann/100', 200, { user_id: 'ann', credit: 100 }),
  exchange(3, 'POST /stock/item/create/5', 200, { item_id: 'tea' }),
  exchange(4, 'POST /stock/add/tea/10', 200, {}),
  exchange(5, 'POST /orders/create/ann', 200, { order_id: 'o' }),
  exchange(6, 'POST /orders/addItem/o/tea/2', 200, {}),
];
const paidOrder: OrderTruth = {
  order_id: 'o',
  user_id: 'ann',
  paid: true,
  saga_id: saga,
  total_cost: 10,
  items: [['tea', 2]],
};
const openOrder: OrderTruth = { ...paidOrder, paid: false };
const checkout = 'POST /orders/checkout/o';

/** A request that takes half a unit of time, unless it was never answered. */
function exchange(at: number, request: string, status?: number, body?: Record<string, unknown>): Exchange {
  return { at, request, ...(status && { status, answered_at: at + 0.5 }), ...(body && { body }) };
}

interface EndState {
  order?: OrderTruth | undefined;
  credit?: number | undefined;
  stock?: number | undefined;
  charged?: string[];
}

/** Returns the violations, given the state in the end. */
function violations(end: EndState, ...story: Exchange[]): Promise<unknown[]> {
  return violationsAfter([], end, ...story);
}

/** The same, when databases were restored. */
async function violationsAfter(lost: Loss[], end: EndState, ...story: Exchange[]): Promise<unknown[]> {
  const truth: Truth = {
    order: async () => end.order,
    credit: async () => end.credit,
    stock: async () => end.stock,
    charged: async () => end.charged ?? [],
  };
  const { findings } = await auditHistory([...prologue, ...story], truth, lost);
  return findings.map(({ detail, ...finding }) => finding);
}

const sold: EndState = { order: paidOrder, credit: 90, stock: 8, charged: [saga] };
const unsold: EndState = { order: openOrder, credit: 100, stock: 10 };
const failure = { reason: 'out_of_stock', saga_id: saga };

test('finds nothing when a sale, a refusal or a missing answer agrees with the end', async () => {
  expect(await violations(sold, exchange(7, checkout, 200, { saga_id: saga }))).toEqual([]);
  expect(await violations(unsold, exchange(7, checkout, 409, failure))).toEqual([]);
  for (const end of [sold, unsold]) {
    expect(await violations(end, exchange(7, checkout))).toEqual([]);
  }
});

test('I7 finds a checkout that was answered 200 but is not paid', async () => {
  expect(await violations(unsold, exchange(7, checkout, 200, { saga_id: saga }))).toContainEqual({
    invariant: 'I7',
    order_id: 'o',
    saga_id: saga,
  });
});

test('I7 finds a checkout that was answered 4xx but was charged', async () => {
  const finding = { invariant: 'I7', order_id: 'o', saga_id: saga };
  expect(await violations(sold, exchange(7, checkout, 409, failure))).toContainEqual(finding);
  const later = sagaId(2);
  const again = exchange(8, checkout, 200, { saga_id: later });
  const end = { ...sold, order: { ...paidOrder, saga_id: later }, charged: [saga, later] };
  expect(await violations(end, exchange(7, checkout, 409, failure), again)).toEqual([finding]);
});

test('I7 finds a paid order whose only answer was 429', async () => {
  const findings = await violations(sold, exchange(7, checkout, 429, { reason: 'overloaded' }));
  expect(findings).toContainEqual({ invariant: 'I7', order_id: 'o', saga_id: saga });
});

test('I8 finds a read after the final answer that does not agree with it', async () => {
  const paid = exchange(7, checkout, 200, { saga_id: saga });
  const story = (request: string, body: Record<string, unknown>) =>
    violations(sold, paid, exchange(8, request, 200, body));
  expect(
    await story('GET /orders/find/o', { paid: false, status: 'CHECKING_OUT', items: [['tea', 2]] }),
  ).toEqual([{ invariant: 'I8', order_id: 'o' }]);
  expect(await story('GET /payment/find_user/ann', { credit: 100 })).toEqual([
    { invariant: 'I8', user_id: 'ann' },
  ]);
  expect(await story('GET /stock/find/tea', { stock: 10 })).toEqual([{ invariant: 'I8', item_id: 'tea' }]);
  expect(await story('GET /stock/find/tea', { stock: 8 })).toEqual([]);
});

test('I8 finds units that are not available again when the checkout is answered as failed', async () => {
  const read = exchange(8, 'GET /stock/find/tea', 200, { stock: 8 });
  const finding = { invariant: 'I8', item_id: 'tea' };
  expect(await violations(unsold, exchange(7, checkout, 409, failure), read)).toEqual([finding]);
  const answeredLater = { ...exchange(7, checkout, 409, failure), answered_at: 9 };
  expect(await violations(unsold, answeredLater, read)).toEqual([]);
});

test('I8 finds an order that reads as CHECKING_OUT after every checkout has failed', async () => {
  const body = { paid: false, status: 'CHECKING_OUT', saga_id: saga, items: [['tea', 2]] };
  const story = [exchange(7, checkout, 409, failure), exchange(8, 'GET /orders/find/o', 200, body)];
  expect(await violations(unsold, ...story)).toEqual([{ invariant: 'I8', order_id: 'o', saga_id: saga }]);
  expect(await violations(unsold, exchange(6.9, checkout), ...story)).toEqual([]);
});

test('I9 finds an order that was read as paid and then as unpaid', async () => {
  const read = (at: number, paid: boolean) =>
    exchange(at, 'GET /orders/find/o', 200, { paid, items: [['tea', 2]] });
  expect(await violations(sold, exchange(7, checkout), read(8, true), read(9, false))).toEqual([
    { invariant: 'I9', order_id: 'o' },
  ]);
});

test('I10 finds an acknowledged write that is lost', async () => {
  const paid = exchange(7, checkout, 200, { saga_id: saga });
  expect(await violations({ ...sold, credit: -10 }, paid)).toEqual([{ invariant: 'I10', user_id: 'ann' }]);
  expect(await violations({ ...sold, credit: undefined }, paid)).toEqual([
    { invariant: 'I10', user_id: 'ann' },
  ]);
  expect(await violations({ ...sold, stock: 0 }, paid)).toEqual([{ invariant: 'I10', item_id: 'tea' }]);
  expect(await violations({ ...unsold, order: undefined })).toEqual([{ invariant: 'I10', order_id: 'o' }]);
  expect(await violations({ ...unsold, order: { ...openOrder, items: [] } })).toEqual([
    { invariant: 'I10', order_id: 'o', item_id: 'tea' },
  ]);
});

test('a request without an answer may have had its effect or not, and one with a key at most once', async () => {
  const unanswered = exchange(7, 'POST /payment/add_funds/ann/50');
  for (const credit of [100, 150]) {
    expect(await violations({ ...unsold, credit }, unanswered)).toEqual([]);
  }
  expect(await violations({ ...unsold, credit: 200 }, unanswered)).toHaveLength(1);
  const repeated = [unanswered, exchange(8, 'POST /payment/add_funds/ann/50', 200)].map((each) => ({
    ...each,
    key: 'k',
  }));
  expect(await violations({ ...unsold, credit: 150 }, ...repeated)).toEqual([]);
  for (const credit of [100, 200]) {
    expect(await violations({ ...unsold, credit }, ...repeated)).toHaveLength(1);
  }
});

test('batch_init starts over: what came before it does not count for what came after', async () => {
  const story = (credit: number) => [
    exchange(7, 'POST /payment/add_funds/0/5', 200),
    exchange(8, 'POST /payment/batch_init/2/1000', 200),
    exchange(9, 'POST /payment/add_funds/0/7', 200),
    exchange(10, 'GET /payment/find_user/0', 200, { credit }),
  ];
  const end = { ...unsold, credit: 1007 };
  expect(await violations(end, ...story(1007))).toEqual([{ invariant: 'I10', user_id: 'ann' }]);
  expect(await violations(end, ...story(1012))).toContainEqual({ invariant: 'I8', user_id: '0' });
});

test('a history is read line by line, and an invalid line is named', () => {
  const lines = prologue.map((exchange) => JSON.stringify(exchange));
  expect(readHistory(`${lines.join('\n')}\n`)).toEqual(prologue);
  expect(() => readHistory(`${lines[0]}\n{"at":1}\n`)).toThrow('Line 2 of the history');
});

const paid = { saga_id: saga };

test.each<[string, Loss, EndState]>([
  ['order', { service: 'order', from: 6.8, to: 9 }, { ...sold, order: { ...openOrder, saga_id: null } }],
  ['payment', { service: 'payment', from: 6.8, to: 9 }, { ...sold, credit: 100, charged: [] }],
  ['stock', { service: 'stock', from: 6.8, to: 9 }, { ...sold, stock: 10 }],
])(
  'a sale that %s forgot is no violation, whether the buyer asks again or not',
  async (service, loss, end) => {
    const sale = exchange(7, checkout, 200, paid);
    expect(await violationsAfter([loss], end, sale)).toEqual([]);
    expect(await violationsAfter([loss], sold, sale, exchange(10, checkout, 200, paid))).toEqual([]);
    if (service !== 'order') {
      expect(await violationsAfter([loss], end, sale, exchange(10, checkout, 200, paid))).toEqual([]);
    }
  },
);

test.each<[string, Loss, EndState]>([
  ['order', { service: 'order', from: 8, to: 9 }, { ...sold, order: openOrder }],
  ['payment', { service: 'payment', from: 8, to: 9 }, { ...sold, credit: 100 }],
  ['stock', { service: 'stock', from: 8, to: 9 }, { ...sold, stock: 10 }],
])(
  'a sale is a violation when %s forgot it although it was answered before the copy',
  async (_, loss, end) => {
    expect(await violationsAfter([loss], end, exchange(7, checkout, 200, paid))).not.toEqual([]);
  },
);

test('what one service forgot excuses no other', async () => {
  const loss: Loss = { service: 'stock', from: 6.8, to: 9 };
  const sale = exchange(7, checkout, 200, paid);
  expect(await violationsAfter([loss], { ...sold, stock: 10, credit: 100 }, sale)).toEqual([
    { invariant: 'I10', user_id: 'ann' },
  ]);
  expect(await violationsAfter([loss], { ...sold, stock: 10, order: openOrder }, sale)).toContainEqual({
    invariant: 'I7',
    order_id: 'o',
    saga_id: saga,
  });
});

test('an order that order forgot need not exist, and what was read of it while it was paid is no contradiction', async () => {
  const loss: Loss = { service: 'order', from: 4.8, to: 9 };
  const read = (at: number, paid: boolean) =>
    exchange(at, 'GET /orders/find/o', 200, {
      order_id: 'o',
      paid,
      status: paid ? 'PAID' : 'OPEN',
      items: [],
    });
  const story = [exchange(7, checkout, 200, paid), read(8, true), read(10, false)];
  expect(await violationsAfter([loss], { ...sold, order: undefined }, ...story)).toEqual([]);
  expect(await violations({ ...sold, order: undefined }, ...story)).not.toEqual([]);
});

test('the answer that an order was sold before denies no charge, and says nothing about what its contents cost', async () => {
  const loss: Loss = { service: 'order', from: 6.8, to: 9 };
  const soldBefore = exchange(10, checkout, 409, { reason: 'sold_before', saga_id: saga });
  const change = exchange(9.2, 'POST /orders/addItem/o/tea/1', 200, {});
  const story = [exchange(7, checkout, 200, paid), change, soldBefore];
  const end = { ...sold, order: { ...openOrder, items: [['tea', 3]], total_cost: 15 } as OrderTruth };
  expect(await violationsAfter([loss], end, ...story)).toEqual([]);
  const failed = exchange(10, checkout, 409, failure);
  expect(await violationsAfter([loss], end, ...story.with(2, failed))).not.toEqual([]);
});
