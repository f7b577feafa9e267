import type { FailureReason, SagaEvent } from '../../../../shared/contract/events';
import { InvariantViolation } from '../../../../shared/errors';
import type { SagaState } from '../order';

/**
 * Ends a saga.
 *
 *     PENDING  payment.captured                 → PAID
 *     PENDING  stock.rejected, stock.released   → FAILED with the reason
 *     ended    the same outcome again           → nothing
 *     ended    the opposite outcome             → must never be
 *     unknown  anything                         → nothing: it was never ours
 *
 * And with it the order, which is as its last saga says (docs/decisions/0015). `payment.rejected` is not heard here: the
 * buyer is told "failed" only when the stock is back.
 */
export interface SagaRow {
  saga_id: string;
  order_id: string;
  state: SagaState;
  amount: number;
  age_seconds: number;
}

export interface Settlement {
  saga_id: string;
  order_id: string;
  state: 'PAID' | 'FAILED';
  reason: FailureReason | null;
  traceparent: string;
  /** Seconds from the saga's opening to its end. */
  took_seconds: number;
}

/** Why a batch fails each saga that it names, null for those that it pays: what is said of one later changes nothing. */
export function firstReasons(events: readonly SagaEvent[]): Map<string, FailureReason | null> {
  const reasons = new Map<string, FailureReason | null>();
  for (const event of events) {
    if (!reasons.has(event.data.saga_id)) {
      reasons.set(event.data.saga_id, toOutcome(event).reason);
    }
  }
  return reasons;
}

/** @param rows the sagas as they were before this batch */
export function decideSettlements(
  rows: readonly SagaRow[],
  events: readonly SagaEvent[],
): { settled: Settlement[]; duplicates: number } {
  const sagas = new Map(rows.map((row) => [row.saga_id, row]));
  const settled: Settlement[] = [];
  let duplicates = 0;

  for (const event of events) {
    const { state, reason } = toOutcome(event);
    const saga = sagas.get(event.data.saga_id);
    if (!saga || saga.state === state) {
      duplicates++;
      continue;
    }
    if (saga.state !== 'PENDING') {
      throw new InvariantViolation(`saga ${saga.saga_id} ended as ${saga.state} and now hears ${event.type}`);
    }
    if (event.type === 'payment.captured' && event.data.amount !== saga.amount) {
      throw new InvariantViolation(
        `saga ${saga.saga_id} costs ${saga.amount} and was charged ${event.data.amount}`,
      );
    }
    const { saga_id, order_id, age_seconds } = saga;
    settled.push({
      saga_id,
      order_id,
      state,
      reason,
      traceparent: event.traceparent,
      took_seconds: age_seconds,
    });
    sagas.set(saga_id, { ...saga, state });
  }
  return { settled, duplicates };
}

function toOutcome(event: SagaEvent): Pick<Settlement, 'state' | 'reason'> {
  switch (event.type) {
    case 'payment.captured':
      return { state: 'PAID', reason: null };
    case 'stock.rejected':
    case 'stock.released':
      return { state: 'FAILED', reason: event.data.reason };
    default:
      throw new InvariantViolation(`${event.type} does not end a saga`);
  }
}
