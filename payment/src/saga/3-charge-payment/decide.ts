import type { FailureReason, SagaEvent } from '../../../../shared/contract/events';
import { InvariantViolation } from '../../../../shared/errors';

/**
 * Step 3 makes the final decision on a checkout. Nothing else decides it.
 *
 *     saga     event                            decision                emits
 *     unknown  stock.reserved                   CAPTURED, credit taken  payment.captured
 *                                               or REJECTED             payment.rejected
 *     unknown  order.checkout_cancel_requested  CANCELLED               payment.rejected (cancelled)
 *     decided  either of them                   nothing: a duplicate    the recorded decision again
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
    if (event.type !== 'stock.reserved' && event.type !== 'order.checkout_cancel_requested') {
      throw new InvariantViolation(`${event.type} does not ask payment for a decision`);
    }
    const { saga_id, order_id, user_id, amount } = event.data;
    const purchase = { saga_id, order_id, user_id, amount };
    if (event.type === 'order.checkout_cancel_requested') {
      return { ...purchase, state: 'CANCELLED', reason: 'cancelled' };
    }
    const available = credit.get(user_id);
    if (available === undefined) {
      return { ...purchase, state: 'REJECTED', reason: 'unknown_user' };
    }
    if (available < amount) {
      return { ...purchase, state: 'REJECTED', reason: 'insufficient_credit' };
    }
    credit.set(user_id, available - amount);
    return { ...purchase, state: 'CAPTURED', reason: null };
  }
}

function toEvent({ saga_id, order_id, user_id, amount, reason }: ChargeRow, traceparent: string): SagaEvent {
  return reason === null
    ? { type: 'payment.captured', traceparent, data: { saga_id, order_id, amount } }
    : { type: 'payment.rejected', traceparent, data: { saga_id, order_id, user_id, amount, reason } };
}
