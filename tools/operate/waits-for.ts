import { type EventType, serviceOf } from '../../shared/contract/events';
import { serviceNames } from '../../shared/services';
import type { SagaView } from './saga-view';
import { ago, counted } from './text';

/**
 * Says in plain words what a saga waits for, and why, as far as it can be told.
 *
 *     order    stock               payment   waits for
 *     PENDING  none                none      stock, to hear order.checkout_requested
 *     PENDING  WAITING             none      other sagas, whose units may come back or be sold
 *     PENDING  RESERVED            none      payment, to hear stock.reserved
 *     PENDING  any                 CAPTURED  order, to hear payment.captured
 *     PENDING  REJECTED, RELEASED  any       order, to hear stock.rejected or stock.released
 *     PENDING  any other           declined  stock, to hear payment.rejected
 *     PAID     RESERVED            CAPTURED  stock, to hear payment.captured
 *     ended    any other           any       nothing
 *
 * @returns whole sentences, the most important first
 */
export function waitsFor(view: SagaView): string[] {
  const { order, unreadable } = view;
  const blind = Object.entries(unreadable).map(([what, why]) => {
    const cannot =
      what === 'broker' ? 'The broker cannot be reached' : `The database of ${what} cannot be read`;
    return `${cannot} (${why}): no saga gets past it.`;
  });
  if (serviceNames.some((service) => service in unreadable)) {
    return blind;
  }
  if (!order) {
    const never = 'Order never opened this saga: its events were forged, or its row was lost.';
    return [...blind, `${never} See what "npm run audit" says of it.`];
  }
  return [...blind, ...(order.state === 'PENDING' ? waitsForPending(view) : waitsForEnded(view))];
}

function waitsForEnded(view: SagaView): string[] {
  const { order, stock, payment } = view;
  const paid = order?.state === 'PAID';
  const how = paid ? 'It is paid.' : `It failed (${order?.reason}), and the order can be checked out again.`;
  if (stock?.state !== 'RESERVED' && stock?.state !== 'WAITING') {
    return [`Nothing. ${how}`];
  }
  if (paid && payment?.state === 'CAPTURED') {
    const told = 'Stock has yet to hear of it and to mark the units as sold.';
    return [how, told, ...clues(view, 'payment.captured', 'stock.settle')];
  }
  return [how, `Stock has it ${stock.state} all the same, which must never be: see "npm run audit".`];
}

function waitsForPending(view: SagaView): string[] {
  return [...nextStep(view), ...deadline(view)];
}

function nextStep(view: SagaView): string[] {
  const { order, stock, payment, at } = view;
  const since = (date: Date | undefined) => (date ? ago(date, at) : 'just now');
  if (payment?.state === 'CAPTURED') {
    const told = `Payment captured it ${since(payment.created_at)}. Order has yet to hear of it.`;
    return [told, ...clues(view, 'payment.captured', 'order.settle')];
  }
  if (stock?.state === 'REJECTED' || stock?.state === 'RELEASED') {
    const [done, type] =
      stock.state === 'REJECTED'
        ? (['rejected', 'stock.rejected'] as const)
        : (['released', 'stock.released'] as const);
    const told = `Stock ${done} it ${since(stock.updated_at)} (${stock.reason}). Order has yet to hear of it.`;
    return [told, ...clues(view, type, 'order.settle')];
  }
  if (payment) {
    const told = `Payment declined it ${since(payment.created_at)} (${payment.reason}). Stock has yet to hear of it.`;
    return [told, ...clues(view, 'payment.rejected', 'stock.settle')];
  }
  if (stock?.state === 'RESERVED') {
    const told = `Stock reserved it ${since(stock.updated_at)}. Payment has no decision yet.`;
    return [told, ...clues(view, 'stock.reserved', 'payment.charge')];
  }
  if (stock?.state === 'WAITING') {
    return waitsForOthers(view);
  }
  const told = `Order opened it ${since(order?.opened_at)}. Stock has not heard of it yet.`;
  return [told, ...clues(view, 'order.checkout_requested', 'stock.reserve')];
}

function waitsForOthers({ stock, wanted, at }: SagaView): string[] {
  const since = stock ? ago(stock.created_at, at) : 'just now';
  const short = wanted.filter(({ wanted, available, ahead }) => (available ?? 0) - ahead < wanted);
  return [
    `It came to stock ${since} and waits for units that other sagas hold: when payment has decided those, it is served or refused.`,
    ...short.map(
      ({ item_id, wanted, available, held, ahead }) =>
        `It wants ${wanted} of item ${item_id}: ${available ?? 0} can be sold now, undecided sagas hold ${held}, ` +
        `and ${ahead} go to those who came before.`,
    ),
    '"npm run sagas -- list --state RESERVED" shows who holds something.',
  ];
}

/** Where an event is that the step of a queue has not acted on. */
function clues(view: SagaView, type: EventType, queue: string): string[] {
  const { letters, unsent, unreadable, at } = view;
  const publisher = serviceOf(type);
  const found = [
    ...letters
      .filter((letter) => letter.queue === queue && letter.events.some((event) => event.type === type))
      .map(({ id, parked_at, error_code, error }) => {
        const when = parked_at === undefined ? '' : ` ${ago(new Date(parked_at), at)}`;
        const cause = `${queue} could not handle ${type} and parked it${when}: ${error_code}, ${error}.`;
        return `${cause} Mend the cause, then "npm run deadletters -- redrive ${id}".`;
      }),
    ...unsent
      .filter(({ service, routing_key }) => service === publisher && routing_key === type)
      .map(({ created_at }) => {
        const still = `${type} was put into the outbox of ${publisher} ${ago(created_at, at)} and is still there`;
        return `${still}: ${publisher} is not running, or does not reach the broker.`;
      }),
  ];
  return found.length > 0 || 'broker' in unreadable ? found : [inQueue(view, type, queue)];
}

function inQueue({ order, queues }: SagaView, type: EventType, queue: string): string {
  const consumer = queue.slice(0, queue.indexOf('.'));
  const messages = queues.find((length) => length.queue === queue)?.messages ?? 0;
  if (messages > 0) {
    return `${queue} holds ${counted(messages, 'message')}: ${consumer} is not running, or is behind.`;
  }
  const lost = ` If ${type} was lost, the saga ends when order next asks payment to cancel it.`;
  return (
    `No message waits in ${queue}: ${consumer} is at it right now or, if this lasts, hangs with the message in hand ` +
    `and is to be restarted.${order?.state === 'PENDING' ? lost : ''}`
  );
}

/** How long past a deadline order may take to notice it. */
const SWEEP_MS = 5_000;

function deadline({ order, at }: SagaView): string[] {
  if (!order) {
    return [];
  }
  const overdueMs = at.getTime() - order.deadline_at.getTime();
  if (overdueMs < 0) {
    return [
      `Order asks payment to cancel it at ${order.deadline_at.toISOString()}, unless it has ended by then.`,
    ];
  }
  if (overdueMs < SWEEP_MS) {
    return ['Order is about to ask payment to cancel it.'];
  }
  return [
    `Order should have asked payment to cancel it ${ago(order.deadline_at, at)} and has not: order is not running.`,
  ];
}
