import type { FailureReason, SagaEvent } from '../../../../shared/contract/events';
import { InvariantViolation } from '../../../../shared/errors';

/**
 * Step 3 makes the final decision on a checkout. Nothing else decides it.
 *
 *     saga     event                            decision                emits
 *     unknown  stock.reserved                   CAPTURED, credit taken  payment.captured
 *                                               or REJECTED             payment.rejected
 *     unknown  order.checkout_cancel_requested  CANCELLED               payment.rejected (cancelled)
 *              or stock.decision_requested
 *     decided  any of them                      nothing: a duplicate    the recorded decision again
 *
 * A charge is REJECTED if the user does not exist or has too little credit.
 */
export interface ChargeRow {
  saga_id: string;
  order_id: string;
  user_id: string;
  amount: number;
  state: 'CAPTURED' | 'REJECTED' | 'CANCELLED';
  reason: FailureReason | null;
  /** What was bought, by `linesCrc32`; null if that is not known, as for a cancellation. */
  lines_crc32: number | null;
}
export interface UserRow {
  id: string;
  credit: number;
}

export interface ChargeDecisions {
  /** New commit decisions. */
  decided: ChargeRow[];
  emit: SagaEvent[];
  duplicates: number;
}

/** @param rows the locked users as they were before this batch, and the decisions that these sagas already have */
export function decideCharges(
  rows: { users: readonly UserRow[]; charges: readonly ChargeRow[] },
  events: readonly SagaEvent[],
): ChargeDecisions {
  const credit = new Map(rows.users.map((user) => [user.id, user.credit]));
  const charges = new Map(rows.charges.map((charge) => [charge.saga_id, charge]));
  const result: ChargeDecisions = { decided: [], emit: [], duplicates: 0 };

  for (const event of events) {
    let charge = charges.get(event.data.saga_id);
    if (charge) {
      result.duplicates++;
    } else {
      charge = decide(event);
      charges.set(charge.saga_id, charge);
      result.decided.push(charge);
    }
    result.emit.push(toEvent(charge, event.traceparent));
  }
  return result;

  function decide(event: SagaEvent): ChargeRow {
    if (
      event.type !== 'stock.reserved' &&
      event.type !== 'order.checkout_cancel_requested' &&
      event.type !== 'stock.decision_requested'
    ) {
      throw new InvariantViolation(`${event.type} does not ask payment for a decision`);
    }
    const { saga_id, order_id, user_id, amount } = event.data;
    const purchase = { saga_id, order_id, user_id, amount };
    if (event.type !== 'stock.reserved') {
      return { ...purchase, lines_crc32: null, state: 'CANCELLED', reason: 'cancelled' };
    }
    const bought = { ...purchase, lines_crc32: event.data.lines_crc32 ?? null };
    const available = credit.get(user_id);
    if (available === undefined) {
      return { ...bought, state: 'REJECTED', reason: 'unknown_user' };
    }
    if (available < amount) {
      return { ...bought, state: 'REJECTED', reason: 'insufficient_credit' };
    }
    credit.set(user_id, available - amount);
    return { ...bought, state: 'CAPTURED', reason: null };
  }
}

function toEvent(charge: ChargeRow, traceparent: string): SagaEvent {
  const { saga_id, order_id, user_id, amount, reason, lines_crc32 } = charge;
  const content = lines_crc32 === null ? {} : { lines_crc32 };
  return reason === null
    ? { type: 'payment.captured', traceparent, data: { saga_id, order_id, amount, ...content } }
    : { type: 'payment.rejected', traceparent, data: { saga_id, order_id, user_id, amount, reason } };
}
