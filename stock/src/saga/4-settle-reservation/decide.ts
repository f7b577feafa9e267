import type { FailureReason, Line, SagaEvent } from '../../../../shared/contract/events';
import { InvariantViolation } from '../../../../shared/errors';
import { linesOf, type Reservation, toEvents } from '../reservation';

/**
 * Follows payment's decision.
 *
 *     RESERVED  payment.captured  → COMMITTED: the units are sold
 *     RESERVED  payment.rejected  → RELEASED: the units can be sold again / stock.released
 *     WAITING   payment.rejected  → RELEASED: it was cancelled           / stock.released
 *     none      payment.rejected  → RELEASED: a tombstone, so that the request, should it still come, reserves nothing
 *                                                                        / stock.released
 *     decided   the same again    → nothing                              / the stored outcome again
 *     any other payment.captured, COMMITTED payment.rejected             → must never be
 */
export interface SettlementDecisions {
  /** Reservations in their new state, known before or not. */
  settled: Reservation[];
  tombstones: Reservation[];
  /** Lines that were held and are held no longer: sold, or given back. */
  sold: (Line & { saga_id: string })[];
  returned: Line[];
  /** Reservations that had to be undone. */
  compensated: number;
  emit: SagaEvent[];
  duplicates: number;
}

/** Why a batch gives each saga back, null for those that it sells: whatever is said of one later must be the same. */
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
      throw new InvariantViolation(`${event.type} settles no reservation`);
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
        `saga ${saga_id} was charged, but its stock is ${reservation?.state ?? 'unheard of'}`,
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
      throw new InvariantViolation(`saga ${data.saga_id} was sold and is now said not to be paid`);
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
