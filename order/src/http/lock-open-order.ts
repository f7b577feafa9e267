import { type Answer, problem } from '../../../shared/http/problem';
import { statement } from '../../../shared/postgres/statement';
import type { Tx } from '../../../shared/postgres/tx';
import { type LastAttempt, statusOf } from '../saga/order-state';

const lockOrder = statement<LastAttempt>(
  'http_lock_order',
  `SELECT saga_id, (SELECT state FROM sagas WHERE sagas.id = orders.saga_id) AS state
   FROM orders WHERE id = $1 AND ($2::text IS NULL OR user_id = $2) FOR NO KEY UPDATE`,
);

/**
 * Locks an order, so that no checkout freezes it before this transaction ends. Take this lock before you change the
 * lines of an order.
 * @param onlyOf the user to whom the order must belong; undefined if it may be anybody's
 * @returns the refusal if the order must not be changed, or undefined if it may be
 */
export async function lockOpenOrder(
  tx: Tx,
  id: string,
  onlyOf: string | undefined,
): Promise<Answer | undefined> {
  const [order] = await tx.run(lockOrder, [id, onlyOf ?? null]);
  if (order === undefined) {
    return unknownOrder(id);
  }
  switch (statusOf(order)) {
    case 'OPEN':
      return undefined;
    case 'CHECKING_OUT':
      return problem(409, {
        reason: 'checkout_in_progress',
        // The client is told to repeat the request later, so this answer must not be stored under its idempotency key.
        isTransient: true,
        detail: `Order ${id} is being checked out. Wait for the outcome; if the checkout fails, the order can be changed again.`,
        ...(order.saga_id && { saga_id: order.saga_id }),
      });
    case 'PAID':
      return problem(409, { reason: 'already_paid', detail: `Order ${id} is paid and cannot be changed.` });
    case 'DISPUTED':
      return problem(409, {
        reason: 'sold_before',
        detail: `Order ${id} was sold earlier, with other contents, and cannot be changed. Put what else you want into a new order.`,
        ...(order.saga_id && { saga_id: order.saga_id }),
      });
  }
}

export function unknownOrder(id: string): Answer {
  return problem(404, { reason: 'unknown_order', detail: `There is no order ${id}.` });
}
