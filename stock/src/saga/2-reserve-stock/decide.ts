import { type Line, linesCrc32, type SagaEvent } from '../../../../shared/contract/events';
import { InvariantViolation } from '../../../../shared/errors';
import { linesOf, type Reservation, toEvents } from '../reservation';
import { Allocation, type ItemRow } from './allocation';

/** The rows that decide a batch of checkouts. */
export interface ReservationRows {
  /** The locked items as they were before this batch. */
  items: readonly ItemRow[];
  /** The reservations that these sagas already have. */
  reservations: readonly Reservation[];
  /** The units that earlier sagas wait for, by item. */
  waitedFor: readonly Line[];
}

/**
 * Returns the items that are or may be short, because a batch wants more of their units than waiting sagas leave
 * available. Their reserved units must be known before the batch is decided. Most batches have no such item.
 */
export function itemsRunningShort(rows: ReservationRows, events: readonly SagaEvent[]): string[] {
  const allocation = new Allocation(rows.items);
  allocation.queue(rows.waitedFor);
  const known = new Set(rows.reservations.map((reservation) => reservation.saga_id));
  for (const { type, data } of events) {
    if (type !== 'order.checkout_requested' || known.has(data.saga_id)) {
      continue;
    }
    known.add(data.saga_id);
    allocation.queue(data.lines);
  }
  return allocation.shortItems();
}

export interface ReservationDecisions {
  /** New reservations, in order of arrival. */
  decided: Reservation[];
  emit: SagaEvent[];
  duplicates: number;
}

/**
 * Step 2 decides each checkout request once.
 *
 *     saga     decision               emits
 *     unknown  RESERVED               stock.reserved
 *              or REJECTED            stock.rejected
 *              or WAITING             nothing yet
 *     known    nothing: a duplicate   the recorded decision again
 *
 * A known saga may come with other lines or another amount, because order has lost its database and opened it again. While
 * it is undecided, that is no reason to have it charged: nothing is emitted, and it ends when order or stock asks payment.
 *
 * `Allocation` chooses one of the three. A known saga can also be RELEASED, because payment rejected it before the
 * request arrived.
 *
 * @param reserved the units that undecided sagas have reserved of each item that runs short
 */
export function decideReservations(
  rows: ReservationRows,
  reserved: readonly Line[],
  events: readonly SagaEvent[],
): ReservationDecisions {
  const allocation = new Allocation(rows.items, reserved);
  allocation.queue(rows.waitedFor);
  const known = new Map(rows.reservations.map((reservation) => [reservation.saga_id, reservation]));
  const result: ReservationDecisions = { decided: [], emit: [], duplicates: 0 };

  for (const event of events) {
    if (event.type !== 'order.checkout_requested') {
      throw new InvariantViolation(`${event.type} does not ask for a reservation`);
    }
    const { saga_id, order_id, user_id, amount, lines } = event.data;
    let reservation = known.get(saga_id);
    if (reservation) {
      result.duplicates++;
      if (isForAnother(reservation, event.data)) {
        continue;
      }
    } else {
      reservation = {
        saga_id,
        order_id,
        user_id,
        amount,
        item_ids: lines.map((line) => line.item_id),
        quantities: lines.map((line) => line.quantity),
        ...allocation.claim(lines),
        traceparent: event.traceparent,
      };
      known.set(reservation.saga_id, reservation);
      result.decided.push(reservation);
    }
    result.emit.push(...toEvents(reservation, event.traceparent));
  }
  return result;
}

/** Whether an undecided reservation is for another purchase than its saga is now requested for. */
function isForAnother(
  reservation: Reservation,
  { amount, lines }: SagaEvent<'order.checkout_requested'>['data'],
): boolean {
  const isUndecided = reservation.state === 'RESERVED' || reservation.state === 'WAITING';
  return (
    isUndecided && (reservation.amount !== amount || linesCrc32(linesOf(reservation)) !== linesCrc32(lines))
  );
}

export interface WaitingDecisions {
  /** Reservations that no longer wait. */
  decided: Reservation[];
  emit: SagaEvent[];
  /** Items to serve again, because a saga waits for them and some of its other items were not locked this time. */
  unsettled: string[];
}

/**
 * Decides the waiting sagas again, in order of arrival.
 *
 *     every line finds enough units now    RESERVED            emits stock.reserved
 *     no other saga's outcome can help     REJECTED            emits stock.rejected
 *     otherwise                            WAITING, as before  emits nothing
 *
 * A saga may want items that are not among the locked ones, or may itself be locked by another session. It then keeps its
 * place in the queue and is decided in another round, if this one changed anything.
 *
 * @param reserved the units that undecided sagas have reserved of each of the items
 */
export function decideWaiting(
  items: readonly ItemRow[],
  reserved: readonly Line[],
  waiting: readonly (Reservation & { isLocked?: boolean })[],
): WaitingDecisions {
  const allocation = new Allocation(items, reserved);
  const result: WaitingDecisions = { decided: [], emit: [], unsettled: [] };
  for (const { isLocked = false, ...reservation } of waiting) {
    const lines = linesOf(reservation);
    if (isLocked || !lines.every((line) => allocation.has(line.item_id))) {
      allocation.queue(lines);
      result.unsettled.push(...reservation.item_ids);
      continue;
    }
    const verdict = allocation.claim(lines);
    if (verdict.state === 'WAITING') {
      continue;
    }
    const decided = { ...reservation, ...verdict };
    result.decided.push(decided);
    result.emit.push(...toEvents(decided, reservation.traceparent));
  }
  if (result.decided.length === 0) {
    result.unsettled = [];
  }
  return result;
}
