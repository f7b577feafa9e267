import type { FailureReason, Line, SagaEvent } from '../../../../shared/contract/events';
import { InvariantViolation } from '../../../../shared/errors';
import { linesOf, type Reservation, toEvents } from '../reservation';

/**
 * Step 4 follows payment's decision.
 *
 *     saga       event             decision                               emits
 *     RESERVED   payment.captured  COMMITTED: the units are sold          nothing
 *     COMMITTED  payment.captured  nothing: a duplicate                   nothing
 *     any other  payment.captured  violation
 *     RESERVED   payment.rejected  RELEASED: the units can be sold again  stock.released
 *     WAITING    payment.rejected  RELEASED: the saga was cancelled       stock.released
 *     unknown    payment.rejected  RELEASED: a tombstone                  stock.released
 *     RELEASED   payment.rejected  nothing: a duplicate                   stock.released again
 *     REJECTED   payment.rejected  nothing: a duplicate                   stock.rejected again
 *     COMMITTED  payment.rejected  nothing: payment has forgotten it      stock.released
 *
 * Payment rejects what was sold only if its database was restored: it has forgotten the capture, and the buyer has the credit
 * back. If order has not heard of the capture, it never will, and fails the checkout; otherwise it parks the contradiction.
 * The sale stays as it is, and the audit names it (docs/decisions/0022).
 *
 * Because of the tombstone, a checkout request that arrives after its cancellation reserves nothing.
 */
export interface SettlementDecisions {
  /** Known reservations in their new state. */
  settled: Reservation[];
  /** New reservations of unknown sagas. */
  tombstones: Reservation[];
  /** Lines that are no longer reserved: sold, or returned to the available units. */
  sold: (Line & { saga_id: string })[];
  returned: Line[];
  /** Sagas that were sold, and that payment has forgotten. */
  forgotten: string[];
  /** How many reservations were released after their units had been reserved. */
  compensated: number;
  emit: SagaEvent[];
  duplicates: number;
}

/** Returns why each saga of a batch is released, or null if it is sold. Later events must agree with the first. */
export function firstReasons(events: readonly SagaEvent[]): Map<string, FailureReason | null> {
  const reasons = new Map<string, FailureReason | null>();
  for (const { type, data } of events) {
    if (!reasons.has(data.saga_id)) {
      reasons.set(data.saga_id, type === 'payment.rejected' ? data.reason : null);
    }
  }
  return reasons;
}

/** @param rows the reservations of these sagas, as they were before this batch */
export function decideSettlements(
  rows: readonly Reservation[],
  events: readonly SagaEvent[],
): SettlementDecisions {
  const known = new Map(rows.map((reservation) => [reservation.saga_id, reservation]));
  const result: SettlementDecisions = {
    settled: [],
    tombstones: [],
    sold: [],
    returned: [],
    forgotten: [],
    compensated: 0,
    emit: [],
    duplicates: 0,
  };
  for (const event of events) {
    if (event.type === 'payment.captured') {
      commit(event);
    } else if (event.type === 'payment.rejected') {
      release(event);
    } else {
      throw new InvariantViolation(`${event.type} does not settle a reservation`);
    }
  }
  return result;

  function commit({ data: { saga_id } }: SagaEvent<'payment.captured'>): void {
    const reservation = known.get(saga_id);
    if (reservation?.state === 'COMMITTED') {
      result.duplicates++;
      return;
    }
    if (reservation?.state !== 'RESERVED') {
      throw new InvariantViolation(
        `saga ${saga_id} was charged, but its reservation is ${reservation?.state ?? 'missing'}`,
      );
    }
    const committed: Reservation = { ...reservation, state: 'COMMITTED' };
    known.set(saga_id, committed);
    result.settled.push(committed);
    result.sold.push(...linesOf(committed).map((line) => ({ ...line, saga_id })));
  }

  function release({ data, traceparent }: SagaEvent<'payment.rejected'>): void {
    const reservation = known.get(data.saga_id);
    if (reservation?.state === 'COMMITTED') {
      const { saga_id, order_id } = reservation;
      result.forgotten.push(saga_id);
      result.emit.push({
        type: 'stock.released',
        traceparent,
        data: { saga_id, order_id, reason: data.reason },
      });
      return;
    }
    if (reservation?.state === 'RELEASED' || reservation?.state === 'REJECTED') {
      result.duplicates++;
      result.emit.push(...toEvents(reservation, traceparent));
      return;
    }
    const released: Reservation = {
      ...(reservation ?? { ...data, item_ids: [], quantities: [], traceparent }),
      state: 'RELEASED',
      reason: data.reason,
    };
    known.set(released.saga_id, released);
    (reservation ? result.settled : result.tombstones).push(released);
    if (reservation?.state === 'RESERVED') {
      result.returned.push(...linesOf(reservation));
      result.compensated++;
    }
    result.emit.push(...toEvents(released, traceparent));
  }
}
