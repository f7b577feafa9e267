import type { EventType } from '../../../shared/contract/events';
import { event, type HostileMessage } from './events';

/**
 * Well-formed events about existing sagas that contradict what was decided. A step that can see the contradiction parks
 * them. A step that has already decided repeats its own decision, which the other steps recognise as a duplicate.
 */
const message = (
  name: string,
  queue: string,
  events: readonly object[],
): Omit<HostileMessage, 'deadLetters' | 'cause'> => ({
  name,
  queue,
  body: JSON.stringify(events),
});

function parked(
  name: string,
  queue: string,
  events: readonly object[],
  cause: RegExp,
  deadLetters = events.length,
) {
  return { ...message(name, queue, events), deadLetters, cause };
}

/** @param duplicates how many duplicates are recognised: these events, and those that the steps repeat because of them */
function absorbed(
  name: string,
  queue: string,
  events: readonly object[],
  duplicates: number,
): HostileMessage {
  return { ...message(name, queue, events), deadLetters: 0, cause: /^$/, duplicates };
}

const about = (order: string, type: EventType, data: object = {}) =>
  event(type, { saga_id: `@${order}.saga@`, order_id: `@${order}@`, ...data });
const captured = (order: string, data?: object) => about(order, 'payment.captured', data);
const refused = (order: string, data?: object) => about(order, 'payment.rejected', data);
const requested = (order: string, data?: object) => about(order, 'order.checkout_requested', data);
const reserved = (order: string, data?: object) => about(order, 'stock.reserved', data);
const cancel = (order: string, data?: object) => about(order, 'order.checkout_cancel_requested', data);

const REASONS = ['out_of_stock', 'unknown_item', 'insufficient_credit', 'unknown_user', 'cancelled'];
const NOT_CHARGED = ['failed', 'rejected', 'waiting'];
const MOST = Number.MAX_SAFE_INTEGER;

const CONTRADICTIONS: HostileMessage[] = [
  ...NOT_CHARGED.map((order) =>
    parked(
      `stock hears that the ${order} order is paid`,
      'stock.settle',
      [captured(order)],
      /was charged, but its reservation is/,
    ),
  ),
  // Stock cannot know whether order has called it paid, so it tells order.
  ...REASONS.map((reason) => ({
    ...parked(
      `stock hears that the paid order is not paid: ${reason}`,
      'stock.settle',
      [refused('paid', { reason })],
      /ended as PAID/,
    ),
    parkedFrom: 'order.settle',
  })),
  ...['failed', 'rejected'].map((order) =>
    parked(
      `order hears that the ${order} order is paid`,
      'order.settle',
      [captured(order)],
      /ended as FAILED/,
    ),
  ),
  ...(['stock.rejected', 'stock.released'] as const).flatMap((type) =>
    REASONS.map((reason) =>
      parked(
        `order hears ${type} of the paid order: ${reason}`,
        'order.settle',
        [about('paid', type, { reason })],
        /ended as PAID/,
      ),
    ),
  ),
  parked(
    'order hears that a saga it never opened is paid',
    'order.settle',
    [event('payment.captured', {})],
    /was charged 1, but order does not know the saga/,
  ),
  parked(
    'one contradiction among duplicates',
    'order.settle',
    [captured('paid'), captured('failed'), captured('paid')],
    /ended as FAILED/,
    1,
  ),
  parked(
    '50 contradictions in one batch',
    'order.settle',
    Array(50).fill(captured('failed')),
    /ended as FAILED/,
  ),
];

const FORGED_DUPLICATES: HostileMessage[] = [
  absorbed(
    'order hears a larger charge of the paid order',
    'order.settle',
    [captured('paid', { amount: MOST })],
    1,
  ),
  absorbed(
    'order hears that the charge was for another order',
    'order.settle',
    [captured('paid', { order_id: '@open@' })],
    1,
  ),
  absorbed(
    'order hears another reason for the failed order',
    'order.settle',
    [about('failed', 'stock.released', { reason: 'unknown_user' })],
    1,
  ),
  absorbed(
    'order hears that stock rejected the failed order',
    'order.settle',
    [about('failed', 'stock.rejected')],
    1,
  ),
  ...(['stock.rejected', 'stock.released'] as const).map((type) =>
    absorbed(`order hears ${type} of a saga it never opened`, 'order.settle', [event(type, {})], 1),
  ),
  absorbed(
    'order hears 10,000 times that the paid order is paid',
    'order.settle',
    Array(10_000).fill(captured('paid')),
    10_000,
  ),
  absorbed(
    'stock hears a larger charge of the paid order',
    'stock.settle',
    [captured('paid', { amount: MOST })],
    1,
  ),
  absorbed(
    'stock hears that the charge was for another order',
    'stock.settle',
    [captured('paid', { order_id: '@open@' })],
    1,
  ),
  absorbed(
    'stock hears three times in one batch that the paid order is paid',
    'stock.settle',
    Array(3).fill(captured('paid')),
    3,
  ),
  absorbed(
    'stock hears another rejection of the failed order',
    'stock.settle',
    [refused('failed', { user_id: '@user@', amount: MOST })],
    2,
  ),
  absorbed(
    'stock hears a rejection of the order that it rejected itself',
    'stock.settle',
    [refused('rejected')],
    2,
  ),
  absorbed(
    'payment is asked for a larger amount for the paid order',
    'payment.charge',
    [reserved('paid', { amount: 50 })],
    3,
  ),
  absorbed(
    'payment is asked twice for the largest amount',
    'payment.charge',
    Array(2).fill(reserved('paid', { amount: MOST })),
    6,
  ),
  absorbed(
    'payment is asked to charge another buyer',
    'payment.charge',
    [reserved('paid', { user_id: '@poor@' })],
    3,
  ),
  absorbed(
    'payment is asked to charge for another order',
    'payment.charge',
    [reserved('paid', { order_id: '@open@' })],
    3,
  ),
  absorbed('payment is asked for 0', 'payment.charge', [reserved('paid', { amount: 0 })], 3),
  absorbed('payment is asked to cancel the paid order', 'payment.charge', [cancel('paid')], 3),
  absorbed(
    'payment is asked to charge the failed order to a buyer who can pay',
    'payment.charge',
    [reserved('failed')],
    3,
  ),
  absorbed('payment is asked to cancel the failed order', 'payment.charge', [cancel('failed')], 3),
  absorbed(
    'payment is asked to charge and to cancel in one batch',
    'payment.charge',
    [reserved('paid'), cancel('paid')],
    6,
  ),
  absorbed('stock is asked to reserve the paid order again', 'stock.reserve', [requested('paid')], 4),
  absorbed(
    'stock is asked for other lines of the paid order',
    'stock.reserve',
    [requested('paid', { lines: [{ item_id: '@item@', quantity: 50 }] })],
    4,
  ),
  absorbed(
    'stock is asked for the largest quantity',
    'stock.reserve',
    [requested('paid', { lines: [{ item_id: '@item@', quantity: MOST }] })],
    4,
  ),
  absorbed(
    'stock is asked for an item that does not exist',
    'stock.reserve',
    [requested('paid', { lines: [{ item_id: 'none', quantity: 1 }] })],
    4,
  ),
  absorbed('stock is asked to reserve the failed order again', 'stock.reserve', [requested('failed')], 2),
  absorbed(
    'stock is asked to reserve the rejected order with available lines',
    'stock.reserve',
    [requested('rejected')],
    2,
  ),
  absorbed(
    'stock is asked to reserve the waiting order with available lines',
    'stock.reserve',
    [requested('waiting')],
    1,
  ),
  absorbed(
    'stock is asked for 5,000 items at once',
    'stock.reserve',
    [
      requested('waiting', {
        lines: Array.from({ length: 5_000 }, (_, n) => ({ item_id: `none-${n}`, quantity: 1 })),
      }),
    ],
    1,
  ),
];

export const FORGERIES: Record<string, HostileMessage[]> = {
  'forged events that contradict a decision': CONTRADICTIONS,
  'forged events about decided sagas': FORGED_DUPLICATES,
};
