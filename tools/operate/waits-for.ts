import { checkoutNames } from '../../shared/services';
import { deadline, question } from './questions';
import type { SagaView } from './saga-view';
import { ago } from './text';
import { clues } from './where-is';

/**
 * Says in plain words what a saga waits for and why, as far as the view shows it.
 *
 *     order    stock               payment              waits for
 *     PENDING  none                none                 stock, to handle order.checkout_requested
 *     PENDING  WAITING             none                 other sagas, whose units may be released or sold
 *     PENDING  RESERVED            none                 payment, to handle stock.reserved
 *     PENDING  any                 CAPTURED             order, to handle payment.captured
 *     PENDING  REJECTED, RELEASED  any                  order, to handle stock.rejected or stock.released
 *     PENDING  any other           REJECTED, CANCELLED  stock, to handle payment.rejected
 *     ended    RESERVED, WAITING   any                  stock, to handle payment's decision, or to ask for it
 *     ended    any other           any                  nothing
 *     none     any                 any                  nothing: order has lost it, or it was forged
 *
 * @returns whole sentences, most important first
 */
export function waitsFor(view: SagaView): string[] {
  const { order, unreadable } = view;
  const outages = Object.entries(unreadable).map(([source, why]) => {
    const outage =
      source === 'broker' ? 'The broker cannot be reached' : `The database of ${source} cannot be read`;
    return `${outage} (${why}). No saga can end without it: bring it back first.`;
  });
  if (checkoutNames.some((service) => service in unreadable)) {
    return outages;
  }
  if (!order) {
    return [...outages, ...unknownToOrder(view)];
  }
  return [...outages, ...(order.state === 'PENDING' ? waitsForPending(view) : waitsForEnded(view))];
}

function waitsForEnded(view: SagaView): string[] {
  const { order, stock, payment } = view;
  const isSale = order?.state === 'PAID' || order?.state === 'DISPUTED';
  const end = howEnded(order);
  if (stock?.state !== 'RESERVED' && stock?.state !== 'WAITING') {
    return [`Nothing. ${end}`];
  }
  if (isSale && payment?.state === 'CAPTURED') {
    const missing = 'Stock has not handled that yet, so the units are not marked as sold.';
    return [end, missing, ...clues(view, 'payment.captured', 'stock.settle'), ...question(view)];
  }
  const advice = 'Run "npm run audit -- --live" and follow docs/runbooks/InvariantViolated.md.';
  return [
    end,
    `But in stock it is still ${stock.state}, which happens only if a database was restored. ${advice}`,
    ...question(view),
  ];
}

function howEnded(order: SagaView['order']): string {
  switch (order?.state) {
    case 'PAID':
      return 'It is paid.';
    case 'DISPUTED':
      return (
        'It is disputed: order had lost this sale when its database was restored, and was then asked to check the order out ' +
        'with other contents. Nothing more was charged. Settle it with the buyer: follow docs/runbooks/CheckoutDisputed.md.'
      );
    default:
      return `It failed (${order?.reason}), and the order can be checked out again.`;
  }
}

/** Order's row is what makes a saga: without it, nobody waits for an answer, but somebody may have been charged. */
function unknownToOrder(view: SagaView): string[] {
  const { payment, stock } = view;
  const lost =
    'Order does not know this saga: its row was lost when a database was restored, or its events were forged.';
  if (payment?.state === 'CAPTURED') {
    return [
      `${lost} User ${payment.user_id} was charged ${payment.amount} for order ${payment.order_id}.`,
      'If the order still exists, its next checkout takes this charge up, and charges nothing again. Otherwise the user ' +
        'must get the goods or the credit: follow docs/runbooks/InvariantViolated.md.',
      ...question(view),
    ];
  }
  const harmless = 'Nobody was charged for it.';
  return stock?.state === 'RESERVED' || stock?.state === 'WAITING'
    ? [`${lost} ${harmless} Stock has it ${stock.state}.`, ...question(view)]
    : [`${lost} ${harmless} Nothing waits for it.`];
}

function waitsForPending(view: SagaView): string[] {
  return [...nextStep(view), ...deadline(view), ...question(view)];
}

function nextStep(view: SagaView): string[] {
  const { order, stock, payment, at } = view;
  const since = (date: Date | undefined) => (date ? ago(date, at) : 'just now');
  if (payment?.state === 'CAPTURED') {
    const state = `Payment captured it ${since(payment.created_at)}. Order has not handled that yet.`;
    return [state, ...clues(view, 'payment.captured', 'order.settle')];
  }
  if (stock?.state === 'REJECTED' || stock?.state === 'RELEASED') {
    const [done, type] =
      stock.state === 'REJECTED'
        ? (['rejected', 'stock.rejected'] as const)
        : (['released', 'stock.released'] as const);
    const state = `Stock ${done} it ${since(stock.updated_at)} (${stock.reason}). Order has not handled that yet.`;
    return [state, ...clues(view, type, 'order.settle')];
  }
  if (payment) {
    const done = payment.state === 'CANCELLED' ? 'cancelled' : 'rejected';
    const decided = `Payment ${done} it ${since(payment.created_at)} (${payment.reason}).`;
    return [`${decided} Stock has not handled that yet.`, ...clues(view, 'payment.rejected', 'stock.settle')];
  }
  if (stock?.state === 'RESERVED') {
    const state = `Stock reserved it ${since(stock.updated_at)}. Payment has not decided yet.`;
    return [state, ...clues(view, 'stock.reserved', 'payment.charge')];
  }
  if (stock?.state === 'WAITING') {
    return waitsForOthers(view);
  }
  const state = `Order opened it ${since(order?.opened_at)}. Stock has not handled that yet.`;
  return [state, ...clues(view, 'order.checkout_requested', 'stock.reserve')];
}

function waitsForOthers({ stock, wanted, at }: SagaView): string[] {
  const since = stock ? ago(stock.created_at, at) : 'just now';
  const short = wanted.filter(({ wanted, available, ahead }) => (available ?? 0) - ahead < wanted);
  return [
    `It reached stock ${since} and waits for units that other sagas have reserved. ` +
      'Once payment has decided those sagas, stock reserves or rejects this one.',
    ...short.map(
      ({ item_id, wanted, available, held, ahead }) =>
        `It wants ${wanted} of item ${item_id}: ${available ?? 0} available, ${held} reserved for undecided sagas, ` +
        `${ahead} wanted by sagas ahead of it.`,
    ),
    '"npm run sagas -- list --state RESERVED" lists the sagas that have units reserved.',
  ];
}
