import type { EventType } from '../../../shared/contract/events';
import { event, type HostileMessage } from './events';

/**
 * Well-formed events about sagas that there are, which contradict what was decided. A step that can tell parks them; one
 * that has decided already repeats its own decision, which every other step recognises as known.
 */
const message = (
  name: string,
  queue: string,
  events: readonly object[],
): Omit<HostileMessage, 'letters' | 'cause'> => ({
  name,
  queue,
  body: JSON.stringify(events),
});

function parked(
  name: string,
  queue: string,
  events: readonly object[],
  cause: RegExp,
  letters = events.length,
) {
  return { ...message(name, queue, events), letters, cause };
}

/** @param echoes how many events are recognised as known: this one, and those that the steps repeat on its account */
function absorbed(name: string, queue: string, events: readonly object[], echoes: number): HostileMessage {
  return { ...message(name, queue, events), letters: 0, cause: /^$/, echoes };
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
      `stock hears that the ${order} one is paid`,
      'stock.settle',
      [captured(order)],
      /was charged, but its reservation is/,
    ),
  ),
  ...REASONS.map((reason) =>
    parked(
      `stock hears that the paid one is not: ${reason}`,
      'stock.settle',
      [refused('paid', { reason })],
      /was sold, but payment now rejects it/,
    ),
  ),
  ...['failed', 'rejected'].map((order) =>
    parked(`order hears that the ${order} one is paid`, 'order.settle', [captured(order)], /ended as FAILED/),
  ),
  ...(['stock.rejected', 'stock.released'] as const).flatMap((type) =>
    REASONS.map((reason) =>
      parked(
        `order hears ${type} of the paid one: ${reason}`,
        'order.settle',
        [about('paid', type, { reason })],
        /ended as PAID/,
      ),
    ),
  ),
  ...['waiting', 'reserved'].flatMap((order) =>
    [0, 2, MOST].map((amount) =>
      parked(
        `order hears that the ${order} one was charged ${amount}`,
        'order.settle',
        [captured(order, { amount })],
        /costs 1 and was charged/,
      ),
    ),
  ),
  parked(
    'one contradiction among repetitions',
    'order.settle',
    [captured('paid'), captured('failed'), captured('paid')],
    /ended as FAILED/,
    1,
  ),
  parked(
    'one contradiction after another',
    'order.settle',
    Array(50).fill(captured('failed')),
    /ended as FAILED/,
  ),
];

const REPETITIONS: HostileMessage[] = [
  absorbed(
    'order hears of a larger charge of what is paid',
    'order.settle',
    [captured('paid', { amount: MOST })],
    1,
  ),
  absorbed(
    'order hears of the charge of another order',
    'order.settle',
    [captured('paid', { order_id: '@open@' })],
    1,
  ),
  absorbed(
    'order hears another reason for what failed',
    'order.settle',
    [about('failed', 'stock.released', { reason: 'unknown_user' })],
    1,
  ),
  absorbed(
    'order hears that what failed was rejected',
    'order.settle',
    [about('failed', 'stock.rejected')],
    1,
  ),
  ...(['payment.captured', 'stock.rejected', 'stock.released'] as const).map((type) =>
    absorbed(`order hears ${type} of a saga it never opened`, 'order.settle', [event(type, {})], 1),
  ),
  absorbed(
    'order hears 10,000 times that the paid one is paid',
    'order.settle',
    Array(10_000).fill(captured('paid')),
    10_000,
  ),
  absorbed(
    'stock hears of a larger charge of what is sold',
    'stock.settle',
    [captured('paid', { amount: MOST })],
    1,
  ),
  absorbed(
    'stock hears of the charge of another order',
    'stock.settle',
    [captured('paid', { order_id: '@open@' })],
    1,
  ),
  absorbed(
    'stock hears three times in one batch that what is sold is paid',
    'stock.settle',
    Array(3).fill(captured('paid')),
    3,
  ),
  absorbed(
    'stock hears another refusal of what failed',
    'stock.settle',
    [refused('failed', { user_id: '@user@', amount: MOST })],
    2,
  ),
  absorbed('stock hears a refusal of what it had refused itself', 'stock.settle', [refused('rejected')], 2),
  absorbed(
    'payment is asked for more of what is paid',
    'payment.charge',
    [reserved('paid', { amount: 50 })],
    3,
  ),
  absorbed(
    'payment is asked for the most there is, twice',
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
    'payment is asked for another order',
    'payment.charge',
    [reserved('paid', { order_id: '@open@' })],
    3,
  ),
  absorbed('payment is asked for nothing', 'payment.charge', [reserved('paid', { amount: 0 })], 3),
  absorbed('payment is asked to cancel what is paid', 'payment.charge', [cancel('paid')], 3),
  absorbed(
    'payment is asked to charge what failed to somebody who can pay',
    'payment.charge',
    [reserved('failed')],
    3,
  ),
  absorbed('payment is asked to cancel what failed', 'payment.charge', [cancel('failed')], 3),
  absorbed(
    'payment is asked to charge and to cancel at once',
    'payment.charge',
    [reserved('paid'), cancel('paid')],
    6,
  ),
  absorbed('stock is asked for what is sold again', 'stock.reserve', [requested('paid')], 4),
  absorbed(
    'stock is asked for other lines of what is sold',
    'stock.reserve',
    [requested('paid', { lines: [{ item_id: '@item@', quantity: 50 }] })],
    4,
  ),
  absorbed(
    'stock is asked for the most there is',
    'stock.reserve',
    [requested('paid', { lines: [{ item_id: '@item@', quantity: MOST }] })],
    4,
  ),
  absorbed(
    'stock is asked for an item that there is not',
    'stock.reserve',
    [requested('paid', { lines: [{ item_id: 'none', quantity: 1 }] })],
    4,
  ),
  absorbed('stock is asked for what failed', 'stock.reserve', [requested('failed')], 2),
  absorbed(
    'stock is asked for what it refused, with lines it has',
    'stock.reserve',
    [requested('rejected')],
    2,
  ),
  absorbed('stock is asked for what waits, with lines it has', 'stock.reserve', [requested('waiting')], 1),
  absorbed(
    'stock is asked with a line for each of 5,000 items',
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
  'forged events about what was decided': REPETITIONS,
};
