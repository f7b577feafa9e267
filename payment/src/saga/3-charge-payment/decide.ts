import type { FailureReason, SagaEvent } from '../../../../shared/contract/events';
import { firstOfLife } from '../../../../shared/contract/saga-ids';
import { InvariantViolation } from '../../../../shared/errors';

/**
 * Step 3 makes the final decision on a checkout. Nothing else decides it.
 *
 *     saga     event                            decision                emits
 *     unknown  stock.reserved                   CAPTURED, credit taken  payment.captured
 *                                               or REJECTED             payment.rejected
 *                                               or CANCELLED            payment.rejected (cancelled)
 *     unknown  order.checkout_cancel_requested  CANCELLED               payment.rejected (cancelled)
 *              or stock.decision_requested
 *     decided  any of them                      nothing: a duplicate    the recorded decision again
 *
 * A charge is REJECTED if the user does not exist or has too little credit.
 *
 * It is CANCELLED if another attempt of the same life of the order is CAPTURED, or a later one is decided. No service asks
 * for such a charge, unless a database was restored: then a message of an attempt that has failed may be handled anew. The
 * user's lock is held, so no other attempt can be captured meanwhile.
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

/**
 * @param rows the locked users as they were before this batch; the decisions that these sagas already have, and the other
 * attempts at their orders that may bar them
 */
export function decideCharges(
  rows: { users: readonly UserRow[]; charges: readonly ChargeRow[] },
  events: readonly SagaEvent[],
): ChargeDecisions {
  const credit = new Map(rows.users.map((user) => [user.id, user.credit]));
  const charges = new Map(rows.charges.map((charge) => [charge.saga_id, charge]));
  const lives = new Lives(rows.charges);
  const result: ChargeDecisions = { decided: [], emit: [], duplicates: 0 };

  for (const event of events) {
    let charge = charges.get(event.data.saga_id);
    if (charge) {
      result.duplicates++;
    } else {
      charge = decide(event);
      charges.set(charge.saga_id, charge);
      lives.add(charge);
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
    if (lives.bar(bought)) {
      return { ...bought, state: 'CANCELLED', reason: 'cancelled' };
    }
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

type Attempt = Pick<ChargeRow, 'saga_id' | 'order_id'>;

/** The lives of orders, as far as other attempts may bar one from being captured. */
class Lives {
  private readonly known = new Map<string, { last: string; isCaptured: boolean }>();

  constructor(attempts: readonly ChargeRow[]) {
    for (const attempt of attempts) {
      this.add(attempt);
    }
  }

  add(attempt: ChargeRow): void {
    const { saga_id, state } = attempt;
    const life = this.known.get(lifeOf(attempt));
    const last = life === undefined || saga_id > life.last ? saga_id : life.last;
    this.known.set(lifeOf(attempt), { last, isCaptured: life?.isCaptured === true || state === 'CAPTURED' });
  }

  bar(attempt: Attempt): boolean {
    const life = this.known.get(lifeOf(attempt));
    return life !== undefined && (life.isCaptured || life.last > attempt.saga_id);
  }
}

function lifeOf({ saga_id, order_id }: Attempt): string {
  return `${firstOfLife(saga_id)} ${order_id}`;
}

function toEvent(charge: ChargeRow, traceparent: string): SagaEvent {
  const { saga_id, order_id, user_id, amount, reason, lines_crc32 } = charge;
  const content = lines_crc32 === null ? {} : { lines_crc32 };
  return reason === null
    ? { type: 'payment.captured', traceparent, data: { saga_id, order_id, amount, ...content } }
    : { type: 'payment.rejected', traceparent, data: { saga_id, order_id, user_id, amount, reason } };
}
