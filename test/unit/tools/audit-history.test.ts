import { expect, test } from '@jest/globals';
import { auditHistory } from '../../../tools/audit/history/audit-history';
import { type Exchange, readHistory } from '../../../tools/audit/history/history';
import type { OrderTruth, Truth } from '../../../tools/audit/history/truth';
import { sagaId } from '../../support/events';

/** Ann buys two units of an item for 5 each out of 10 in stock, with a credit of 100. */
const saga = sagaId(1);
const prologue: Exchange[] = [
  said(1, 'POST /payment/create_user', 200, { user_id: 'ann' }),
  said(2, 'POST /payment/add_funds/ann/100', 200, { user_id: 'ann', credit: 100 }),
  said(3, 'POST /stock/item/create/5', 200, { item_id: 'tea' }),
  said(4, 'POST /stock/add/tea/10', 200, {}),
  said(5, 'POST /orders/create/ann', 200, { order_id: 'o' }),
  said(6, 'POST /orders/addItem/o/tea/2', 200, {}),
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

/** Each request takes half a unit of time, unless it was never answered. */
function said(at: number, request: string, status?: number, body?: Record<string, unknown>): Exchange {
  return { at, request, ...(status && { status, answered_at: at + 0.5 }), ...(body && { body }) };
}

interface End {
  order?: OrderTruth | undefined;
  credit?: number | undefined;
  stock?: number | undefined;
  charged?: string[];
}

/** What is violated, given how things are in the end. */
async function violated(end: End, ...story: Exchange[]): Promise<unknown[]> {
  const truth: Truth = {
    order: async () => end.order,
    credit: async () => end.credit,
    stock: async () => end.stock,
    charged: async () => end.charged ?? [],
  };
  const { findings } = await auditHistory([...prologue, ...story], truth);
  return findings.map(({ detail, ...finding }) => finding);
}

const sold: End = { order: paidOrder, credit: 90, stock: 8, charged: [saga] };
const unsold: End = { order: openOrder, credit: 100, stock: 10 };
const failure = { reason: 'out_of_stock', saga_id: saga };

test('a sale, a refusal and an answer that never came are in order as long as the end agrees with them', async () => {
  expect(await violated(sold, said(7, checkout, 200, { saga_id: saga }))).toEqual([]);
  expect(await violated(unsold, said(7, checkout, 409, failure))).toEqual([]);
  for (const end of [sold, unsold]) {
    expect(await violated(end, said(7, checkout))).toEqual([]);
  }
});

test('I7: told 200, and not paid', async () => {
  expect(await violated(unsold, said(7, checkout, 200, { saga_id: saga }))).toContainEqual({
    invariant: 'I7',
    order_id: 'o',
    saga_id: saga,
  });
});

test('I7: told 4xx, and charged', async () => {
  const finding = { invariant: 'I7', order_id: 'o', saga_id: saga };
  expect(await violated(sold, said(7, checkout, 409, failure))).toContainEqual(finding);
  const later = sagaId(2);
  const again = said(8, checkout, 200, { saga_id: later });
  const end = { ...sold, order: { ...paidOrder, saga_id: later }, charged: [saga, later] };
  expect(await violated(end, said(7, checkout, 409, failure), again)).toEqual([finding]);
});

test('I7: told 429 only, and paid all the same', async () => {
  const findings = await violated(sold, said(7, checkout, 429, { reason: 'overloaded' }));
  expect(findings).toContainEqual({ invariant: 'I7', order_id: 'o', saga_id: saga });
});

test('I8: a read right after the final answer that knows nothing of it', async () => {
  const paid = said(7, checkout, 200, { saga_id: saga });
  const story = (request: string, body: Record<string, unknown>) =>
    violated(sold, paid, said(8, request, 200, body));
  expect(
    await story('GET /orders/find/o', { paid: false, status: 'CHECKING_OUT', items: [['tea', 2]] }),
  ).toEqual([{ invariant: 'I8', order_id: 'o' }]);
  expect(await story('GET /payment/find_user/ann', { credit: 100 })).toEqual([
    { invariant: 'I8', user_id: 'ann' },
  ]);
  expect(await story('GET /stock/find/tea', { stock: 10 })).toEqual([{ invariant: 'I8', item_id: 'tea' }]);
  expect(await story('GET /stock/find/tea', { stock: 8 })).toEqual([]);
});

test('I8: stock that is not back when the buyer is told that the checkout failed', async () => {
  const read = said(8, 'GET /stock/find/tea', 200, { stock: 8 });
  const finding = { invariant: 'I8', item_id: 'tea' };
  expect(await violated(unsold, said(7, checkout, 409, failure), read)).toEqual([finding]);
  const whileUnderWay = { ...said(7, checkout, 409, failure), answered_at: 9 };
  expect(await violated(unsold, whileUnderWay, read)).toEqual([]);
});

test('I8: an order that reads as being checked out after every checkout has failed', async () => {
  const body = { paid: false, status: 'CHECKING_OUT', saga_id: saga, items: [['tea', 2]] };
  const story = [said(7, checkout, 409, failure), said(8, 'GET /orders/find/o', 200, body)];
  expect(await violated(unsold, ...story)).toEqual([{ invariant: 'I8', order_id: 'o', saga_id: saga }]);
  expect(await violated(unsold, said(6.9, checkout), ...story)).toEqual([]);
});

test('I9: an order that was read as paid and then as unpaid', async () => {
  const read = (at: number, paid: boolean) =>
    said(at, 'GET /orders/find/o', 200, { paid, items: [['tea', 2]] });
  expect(await violated(sold, said(7, checkout), read(8, true), read(9, false))).toEqual([
    { invariant: 'I9', order_id: 'o' },
  ]);
});

test('I10: an acknowledged write that is gone', async () => {
  const paid = said(7, checkout, 200, { saga_id: saga });
  expect(await violated({ ...sold, credit: -10 }, paid)).toEqual([{ invariant: 'I10', user_id: 'ann' }]);
  expect(await violated({ ...sold, credit: undefined }, paid)).toEqual([
    { invariant: 'I10', user_id: 'ann' },
  ]);
  expect(await violated({ ...sold, stock: 0 }, paid)).toEqual([{ invariant: 'I10', item_id: 'tea' }]);
  expect(await violated({ ...unsold, order: undefined })).toEqual([{ invariant: 'I10', order_id: 'o' }]);
  expect(await violated({ ...unsold, order: { ...openOrder, items: [] } })).toEqual([
    { invariant: 'I10', order_id: 'o', item_id: 'tea' },
  ]);
});

test('a request without an answer may have happened or not, and one with a key only once', async () => {
  const unanswered = said(7, 'POST /payment/add_funds/ann/50');
  for (const credit of [100, 150]) {
    expect(await violated({ ...unsold, credit }, unanswered)).toEqual([]);
  }
  expect(await violated({ ...unsold, credit: 200 }, unanswered)).toHaveLength(1);
  const repeated = [unanswered, said(8, 'POST /payment/add_funds/ann/50', 200)].map((it) => ({
    ...it,
    key: 'k',
  }));
  expect(await violated({ ...unsold, credit: 150 }, ...repeated)).toEqual([]);
  for (const credit of [100, 200]) {
    expect(await violated({ ...unsold, credit }, ...repeated)).toHaveLength(1);
  }
});

test('batch_init begins anew: what came before it is not held against what came after', async () => {
  const story = (credit: number) => [
    said(7, 'POST /payment/add_funds/0/5', 200),
    said(8, 'POST /payment/batch_init/2/1000', 200),
    said(9, 'POST /payment/add_funds/0/7', 200),
    said(10, 'GET /payment/find_user/0', 200, { credit }),
  ];
  const end = { ...unsold, credit: 1007 };
  expect(await violated(end, ...story(1007))).toEqual([{ invariant: 'I10', user_id: 'ann' }]);
  expect(await violated(end, ...story(1012))).toContainEqual({ invariant: 'I8', user_id: '0' });
});

test('a history is read line by line, and a line that is none is named', () => {
  const lines = prologue.map((exchange) => JSON.stringify(exchange));
  expect(readHistory(`${lines.join('\n')}\n`)).toEqual(prologue);
  expect(() => readHistory(`${lines[0]}\n{"at":1}\n`)).toThrow('Line 2 of the history');
});
