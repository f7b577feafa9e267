import { type EventType, sagaServices, serviceOf } from '../../shared/contract/events';
import type { SagaView } from './saga-view';
import { ago, counted } from './text';

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
 *     PAID     RESERVED            CAPTURED             stock, to handle payment.captured
 *     ended    any other           any                  nothing
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
  if (sagaServices.some((service) => service in unreadable)) {
    return outages;
  }
  if (!order) {
    const forged = 'Order does not know this saga: its events were forged, or its row was lost.';
    return [...outages, `${forged} Run "npm run audit -- --live" to see whether an invariant is violated.`];
  }
  return [...outages, ...(order.state === 'PENDING' ? waitsForPending(view) : waitsForEnded(view))];
}

function waitsForEnded(view: SagaView): string[] {
  const { order, stock, payment } = view;
  const paid = order?.state === 'PAID';
  const end = paid ? 'It is paid.' : `It failed (${order?.reason}), and the order can be checked out again.`;
  if (stock?.state !== 'RESERVED' && stock?.state !== 'WAITING') {
    return [`Nothing. ${end}`];
  }
  if (paid && payment?.state === 'CAPTURED') {
    const missing = 'Stock has not handled that yet, so the units are not marked as sold.';
    return [end, missing, ...clues(view, 'payment.captured', 'stock.settle')];
  }
  const advice = 'Run "npm run audit -- --live" and follow docs/runbooks/InvariantViolated.md.';
  return [end, `But in stock it is still ${stock.state}, which must never happen. ${advice}`];
}

function waitsForPending(view: SagaView): string[] {
  return [...nextStep(view), ...deadline(view)];
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

/** Says where the event is that the step of a queue has not handled. */
function clues(view: SagaView, type: EventType, queue: string): string[] {
  const { letters, unsent, deferred, unreadable, at } = view;
  const publisher = serviceOf(type);
  const found = [
    ...letters
      .filter(
        (deadLetter) => deadLetter.queue === queue && deadLetter.events.some((event) => event.type === type),
      )
      .map(({ id, parked_at, error_code, error, advice }) => {
        const when = parked_at === undefined ? '' : ` ${ago(new Date(parked_at), at)}`;
        if (advice !== undefined) {
          const dropped = `The broker took ${type} out of ${queue}${when}: ${error_code}, ${error}.`;
          return `${dropped} ${advice} The command is "npm run deadletters -- redrive ${id}".`;
        }
        const cause = `${queue} could not handle ${type} and parked it${when}: ${error_code}, ${error}.`;
        return `${cause} Fix the cause, then run "npm run deadletters -- redrive ${id}".`;
      }),
    ...unsent
      .filter(({ service, routing_key }) => service === publisher && routing_key === type)
      .map(({ created_at }) => {
        const unsent = `${type} was put into the outbox of ${publisher} ${ago(created_at, at)} and is not sent yet`;
        return `${unsent}: ${publisher} is not running, or cannot reach the broker. Check both.`;
      }),
    ...deferred
      .filter((event) => event.queue === queue)
      .map(({ service, blocked_by, tries, deferred_at }) => {
        const waits = `${queue} set ${type} aside ${ago(deferred_at, at)}, because another session has locked ${blocked_by}`;
        const advice = `Find that session in pg_stat_activity of the database of ${service}, and end it`;
        return `${waits} (tried ${counted(tries + 1, 'time')}). ${advice}: docs/runbooks/RowsLocked.md.`;
      }),
  ];
  return found.length > 0 || 'broker' in unreadable ? found : [inQueue(view, type, queue)];
}

function inQueue({ order, queues }: SagaView, type: EventType, queue: string): string {
  const consumer = queue.slice(0, queue.indexOf('.'));
  const messages = queues.find((length) => length.queue === queue)?.messages ?? 0;
  if (messages > 0) {
    const state = `${queue} has ${counted(messages, 'message')}`;
    return `${state}: ${consumer} is not running, or is behind. Check whether it runs.`;
  }
  const lost = ` If ${type} was lost, the saga ends when order next asks payment to cancel it.`;
  return (
    `No message waits in ${queue}: ${consumer} is handling it right now. ` +
    `If this lasts, ${consumer} hangs with the message unacked: restart it.${order?.state === 'PENDING' ? lost : ''}`
  );
}

/** How long after a deadline order may take to notice it. */
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
  const due = `Order should have asked payment to cancel it ${ago(order.deadline_at, at)} and has not`;
  return [`${due}: order is probably not running. Check it.`];
}
