import { whyDeferred } from '../../shared/inbox/blocked';
import type { Action } from './operator-actions';
import type { SagaView } from './saga-view';

export interface Moment {
  at: Date;
  /** A service, or "operator". */
  who: string;
  what: string;
}

/** Returns what is known to have happened to a saga, in order. Each service's times come from its database's clock. */
export function timelineOf(view: SagaView): Moment[] {
  const moments = [...orderMoments(view), ...stockMoments(view), ...paymentMoments(view), ...messages(view)];
  for (const { at, actor, action, queue, letter_id, reason, service } of view.actions) {
    const what =
      action === 'cancel' || action === 'resend' || action === 'request'
        ? ON_SAGA[action]
        : `${PAST_TENSE[action]} dead letter ${letter_id} of ${queue}`;
    const why = reason === null ? '' : `: ${reason}`;
    moments.push({ at, who: 'operator', what: `${actor} ${what}${why} (recorded in ${service})` });
  }
  return moments.sort((a, b) => a.at.getTime() - b.at.getTime());
}

/** An action on the saga itself, in the past tense. */
const ON_SAGA = {
  cancel: 'asked payment to cancel it',
  resend: 'had the message that it waited for sent once more',
  request: 'requested the checkout for the buyer',
};

/** An action on a dead letter, in the past tense. */
const PAST_TENSE: Record<Exclude<Action['action'], keyof typeof ON_SAGA>, string> = {
  redrive: 'redrove',
  redrive_failed: 'failed to redrive',
  discard: 'discarded',
};

function orderMoments({ order }: SagaView): Moment[] {
  if (!order) {
    return [];
  }
  const { order_id, user_id, amount, state, reason, opened_at, settled_at } = order;
  const opened = `opened: order ${order_id} of user ${user_id} for ${amount}`;
  const ended = `ended: ${state}${reason === null ? '' : ` (${reason})`}`;
  return [
    { at: opened_at, who: 'order', what: opened },
    ...(settled_at ? [{ at: settled_at, who: 'order', what: ended }] : []),
  ];
}

function stockMoments({ stock, ledger }: SagaView): Moment[] {
  if (!stock) {
    return [];
  }
  const { state, reason, item_ids, quantities, created_at, updated_at } = stock;
  const lines = item_ids.map((item, i) => `${quantities[i]} of ${item}`).join(', ') || 'nothing';
  const decided = `${state}${reason === null ? '' : ` (${reason})`}: ${lines}`;
  const changed = updated_at.getTime() !== created_at.getTime();
  return [
    { at: created_at, who: 'stock', what: changed ? `received it: ${lines}` : decided },
    ...(changed ? [{ at: updated_at, who: 'stock', what: decided }] : []),
    ...ledger
      .filter(({ service }) => service === 'stock')
      .map(({ created_at, about, delta, kind }) => ({
        at: created_at,
        who: 'stock',
        what: `ledger: ${kind} of item ${about}, ${delta}`,
      })),
  ];
}

function paymentMoments({ payment, ledger }: SagaView): Moment[] {
  if (!payment) {
    return [];
  }
  const { state, reason, amount, user_id, created_at } = payment;
  const decided = `${state}${reason === null ? '' : ` (${reason})`}: ${amount} of user ${user_id}`;
  return [
    { at: created_at, who: 'payment', what: decided },
    ...ledger
      .filter(({ service }) => service === 'payment')
      .map(({ created_at, about, delta, kind }) => ({
        at: created_at,
        who: 'payment',
        what: `ledger: ${kind} of user ${about}, ${delta}`,
      })),
  ];
}

function messages({ unsent, deferred, letters, at }: SagaView): Moment[] {
  return [
    ...unsent.map(({ created_at, service, id, routing_key }) => ({
      at: created_at,
      who: service,
      what: `${routing_key} is not sent yet (row ${id} of the outbox)`,
    })),
    ...deferred.map(({ deferred_at, queue, blocked_by }) => ({
      at: deferred_at,
      who: queue,
      what: `deferred an event, because ${whyDeferred(blocked_by)}`,
    })),
    ...letters.map(({ parked_at, queue, id, error_code, error, events }) => ({
      at: parked_at === undefined ? at : new Date(parked_at),
      who: queue,
      what: `parked ${events[0]?.type ?? 'a message'} as dead letter ${id}: ${error_code}, ${error}`,
    })),
  ];
}
