import type { Line, SagaEvent } from '../../../../shared/contract/events';
import { InvariantViolation } from '../../../../shared/errors';
import { linesOf, type Reservation, toEvents } from '../reservation';
import { type ItemRow, Shelves } from './allocation';

/** What a batch of checkouts is judged by. */
export interface ReservationRows {
  /** Locked, as they were before this batch. */
  items: readonly ItemRow[];
  /** Those that these sagas have already. */
  reservations: readonly Reservation[];
  /** Units per item that earlier sagas wait for. */
  waitedFor: readonly Line[];
}

/**
 * The items of which a batch wants more than is free, or may do so: of these it must know what is held before it is
 * judged. Most batches want nothing of the kind.
 */
export function itemsRunningShort(rows: ReservationRows, events: readonly SagaEvent[]): string[] {
  const shelves = new Shelves(rows.items);
  shelves.queue(rows.waitedFor);
  const known = new Set(rows.reservations.map((reservation) => reservation.saga_id));
  for (const { type, data } of events) {
    if (type !== 'order.checkout_requested' || known.has(data.saga_id)) {
      continue;
    }
    known.add(data.saga_id);
    shelves.queue(data.lines);
  }
  return shelves.short();
}

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
 * @param held what undecided sagas hold of each item that runs short
 */
export function decideReservations(
  rows: ReservationRows,
  held: readonly Line[],
  events: readonly SagaEvent[],
): ReservationDecisions {
  const shelves = new Shelves(rows.items, held);
  shelves.queue(rows.waitedFor);
  const known = new Map(rows.reservations.map((reservation) => [reservation.saga_id, reservation]));
  const result: ReservationDecisions = { decided: [], emit: [], duplicates: 0 };

  for (const event of events) {
    if (event.type !== 'order.checkout_requested') {
      throw new InvariantViolation(`${event.type} reserves nothing`);
    }
    const { saga_id, order_id, user_id, amount, lines } = event.data;
    let reservation = known.get(saga_id);
    if (reservation) {
      result.duplicates++;
    } else {
      reservation = {
        saga_id,
        order_id,
        user_id,
        amount,
        item_ids: lines.map((line) => line.item_id),
        quantities: lines.map((line) => line.quantity),
        ...shelves.claim(lines),
        traceparent: event.traceparent,
      };
      known.set(reservation.saga_id, reservation);
      result.decided.push(reservation);
    }
    result.emit.push(...toEvents(reservation, event.traceparent));
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
 *
 * @param held what undecided sagas hold of each of the items
 */
export function decideWaiting(
  items: readonly ItemRow[],
  held: readonly Line[],
  waiting: readonly Reservation[],
): WaitingDecisions {
  const shelves = new Shelves(items, held);
  const result: WaitingDecisions = { decided: [], emit: [], unsettled: [] };
  for (const reservation of waiting) {
    const lines = linesOf(reservation);
    if (!lines.every((line) => shelves.has(line.item_id))) {
      shelves.queue(lines);
      result.unsettled.push(...reservation.item_ids);
      continue;
    }
    const verdict = shelves.claim(lines);
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
