import type { Line, SagaEvent } from '../../../../shared/contract/events';
import { InvariantViolation } from '../../../../shared/errors';
import { linesOf, outcomeOf, type Reservation } from '../reservation';
import { type ItemRow, Shelves } from './shelves';

export interface ReservationDecisions {
  /** New reservations, in order of arrival. */
  decided: Reservation[];
  emit: SagaEvent[];
  duplicates: number;
}

/**
 * A checkout that is new is judged (see Shelves); one that is known is answered with what was decided then, be it
 * RELEASED because payment said no before the request arrived.
 *
 * @param rows the locked items, the reservations that these sagas have already, and the units per item that earlier
 *   sagas wait for
 */
export function decideReservations(
  rows: { items: readonly ItemRow[]; reservations: readonly Reservation[]; waitedFor: readonly Line[] },
  events: readonly SagaEvent[],
): ReservationDecisions {
  const shelves = new Shelves(rows.items);
  shelves.queue(rows.waitedFor);
  const known = new Map(rows.reservations.map((reservation) => [reservation.saga_id, reservation]));
  const result: ReservationDecisions = { decided: [], emit: [], duplicates: 0 };

  for (const event of events) {
    if (event.type !== 'order.checkout_requested')
      throw new InvariantViolation(`${event.type} reserves nothing`);
    const { lines, ...purchase } = event.data;
    let reservation = known.get(purchase.saga_id);
    if (reservation) {
      result.duplicates++;
    } else {
      reservation = {
        ...purchase,
        item_ids: lines.map((line) => line.item_id),
        quantities: lines.map((line) => line.quantity),
        ...shelves.claim(lines),
        traceparent: event.traceparent,
      };
      known.set(reservation.saga_id, reservation);
      result.decided.push(reservation);
    }
    result.emit.push(...outcomeOf(reservation, event.traceparent));
  }
  return result;
}

export interface WaitingDecisions {
  /** Reservations that wait no longer. */
  decided: Reservation[];
  emit: SagaEvent[];
  /** Items to be looked at again, because somebody waits there whose other items were not at hand. */
  unsettled: string[];
}

/**
 * Judges those who wait once more, in order of arrival. One of them may want items that are not among the locked
 * ones: it keeps its place in the queue, and is judged in another round if this one changed anything.
 */
export function decideWaiting(items: readonly ItemRow[], waiting: readonly Reservation[]): WaitingDecisions {
  const shelves = new Shelves(items);
  const result: WaitingDecisions = { decided: [], emit: [], unsettled: [] };
  for (const reservation of waiting) {
    const lines = linesOf(reservation);
    if (!lines.every((line) => shelves.has(line.item_id))) {
      shelves.queue(lines);
      result.unsettled.push(...reservation.item_ids);
      continue;
    }
    const verdict = shelves.claim(lines);
    if (verdict.state === 'WAITING') continue;
    const decided = { ...reservation, ...verdict };
    result.decided.push(decided);
    result.emit.push(...outcomeOf(decided, reservation.traceparent));
  }
  if (result.decided.length === 0) result.unsettled = [];
  return result;
}
