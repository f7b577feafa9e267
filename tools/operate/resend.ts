import { encodeBatch } from '../../shared/contract/cloudevents';
import {
  type CheckoutEvent,
  type FailureReason,
  type Line,
  linesCrc32,
  serviceOf,
} from '../../shared/contract/events';
import { insertOutbox } from '../../shared/outbox/statements';
import type { ParticipantName } from '../../shared/services';
import type { ShopConnections } from './connections';
import { type Operator, recordOnSaga } from './operator-actions';
import { readLines } from './saga-statements';
import { type SagaView, viewSaga } from './saga-view';

export type Resending =
  | { kind: 'sent'; event: CheckoutEvent['type']; by: ParticipantName }
  /** Nothing is missing, or nothing that may be sent again. */
  | { kind: 'refused'; because: string };

/**
 * Sends the message that a saga waits for once more, without deciding anything: every step absorbs duplicates. The service
 * that publishes it sends it, from its outbox. The message and the record of who asked for it are one transaction.
 */
export async function resend(shop: ShopConnections, sagaId: string, operator: Operator): Promise<Resending> {
  const view = await viewSaga(shop, sagaId);
  const outages = Object.keys(view.unreadable);
  if (outages.length > 0) {
    return {
      kind: 'refused',
      because: `What is missing is not known, because ${outages.join(' and ')} cannot be read`,
    };
  }
  const { order } = view;
  const lines = order ? await shop.databases.order.transaction((tx) => tx.run(readLines, [sagaId])) : [];
  const event = missingEvent(view, lines);
  if (typeof event === 'string') {
    return { kind: 'refused', because: event };
  }
  const by = serviceOf(event.type) as ParticipantName;
  await shop.databases[by].transaction(async (tx) => {
    await tx.run(insertOutbox, [event.type, encodeBatch([event], new Date().toISOString())]);
    const target = { saga_id: sagaId, event_id: `${sagaId}/${event.type}` };
    const states = { order: order?.state, stock: view.stock?.state, payment: view.payment?.state };
    await recordOnSaga(tx, 'resend', target, operator, { order_id: event.data.order_id, ...states });
  });
  return { kind: 'sent', event: event.type, by };
}

/**
 * Returns the event that a saga waits for, or why there is none.
 *
 *     order      stock               payment    event
 *     PENDING    none                none       order.checkout_requested
 *     PENDING    RESERVED            none       stock.reserved
 *     PENDING    REJECTED, RELEASED  any other  stock.rejected, stock.released
 *     PENDING    any                 CAPTURED   payment.captured
 *     any        RESERVED, WAITING   decided    payment's decision
 *
 * @param lines the lines of the order, if it is still in this saga
 */
export function missingEvent(view: SagaView, lines: readonly Line[]): CheckoutEvent | string {
  const { saga_id, order, stock, payment } = view;
  const traceparent = order?.traceparent ?? stock?.traceparent;
  const known = order ?? stock ?? payment;
  if (known === undefined || traceparent === undefined) {
    return 'No service waits for anything about it';
  }
  const { order_id, user_id, amount } = known;
  const saga = { saga_id, order_id };
  const stockIsOpen = stock?.state === 'RESERVED' || stock?.state === 'WAITING';

  if (payment && (order?.state === 'PENDING' || stockIsOpen)) {
    return paymentsOutcome(view, payment, traceparent);
  }
  if (order?.state !== 'PENDING') {
    return stockIsOpen
      ? 'Payment has not decided it, and order does not wait for it: stock itself asks payment to cancel it'
      : 'Nothing is missing: no service waits for anything about it';
  }
  switch (stock?.state) {
    case undefined:
      return lines.length === 0
        ? 'The lines of its order are no longer those of this saga'
        : {
            type: 'order.checkout_requested',
            traceparent,
            data: { ...saga, user_id, amount, lines: [...lines] },
          };
    case 'RESERVED':
      return {
        type: 'stock.reserved',
        traceparent,
        data: { ...saga, user_id, amount, lines_crc32: linesCrc32(linesOf(stock)) },
      };
    case 'REJECTED':
    case 'RELEASED':
      return stocksOutcome(view, traceparent) ?? 'Nothing is missing';
    case 'WAITING':
      return 'It waits for units that other sagas have reserved, and for no message';
    default:
      return 'Stock has sold it, but payment has not charged it. Run the audit';
  }
}

function paymentsOutcome(
  view: SagaView,
  payment: NonNullable<SagaView['payment']>,
  traceparent: string,
): CheckoutEvent {
  const { saga_id } = view;
  const { order_id, user_id, amount, state, reason, lines_crc32 } = payment;
  if (state === 'CAPTURED') {
    const content = lines_crc32 === null ? {} : { lines_crc32 };
    return { type: 'payment.captured', traceparent, data: { saga_id, order_id, amount, ...content } };
  }
  const data = { saga_id, order_id, user_id, amount, reason: reason as FailureReason };
  return stocksOutcome(view, traceparent) ?? { type: 'payment.rejected', traceparent, data };
}

function stocksOutcome({ saga_id, stock }: SagaView, traceparent: string): CheckoutEvent | undefined {
  if (stock?.state !== 'REJECTED' && stock?.state !== 'RELEASED') {
    return undefined;
  }
  const type = stock.state === 'REJECTED' ? 'stock.rejected' : 'stock.released';
  const data = { saga_id, order_id: stock.order_id, reason: stock.reason as FailureReason };
  return { type, traceparent, data };
}

function linesOf({ item_ids, quantities }: NonNullable<SagaView['stock']>): Line[] {
  return item_ids.map((item_id, i) => ({ item_id, quantity: quantities[i] as number }));
}
