import type { SagaEvent } from '../../../../shared/contract/events';
import { InvariantViolation } from '../../../../shared/errors';
import type { Tx } from '../../../../shared/postgres/database';
import { type CheckoutDecision, type CheckoutRequest, checkoutRequested, decideCheckouts } from './decide';
import {
  freezeOrders,
  lockOrders,
  openSagas,
  readCheckoutKeys,
  readOpenLines,
  storeCheckoutKeys,
} from './statements';

/** Step 1: freezes orders and opens a saga for each. */
export async function requestCheckouts(
  tx: Tx,
  requests: readonly CheckoutRequest[],
  cancelAfterMs: number,
): Promise<{ decisions: CheckoutDecision[]; emit: SagaEvent[] }> {
  const orderIds = requests.map((request) => request.order_id);
  const keyNames = requests.flatMap((request) => request.idempotency?.key ?? []);
  // Sent together, answered one after the other: the lines are read when the orders are locked.
  const [orders, lines, keys] = await Promise.all([
    tx.run(lockOrders, [orderIds]),
    tx.run(readOpenLines, [orderIds]),
    keyNames.length > 0 ? tx.run(readCheckoutKeys, [keyNames]) : [],
  ]);
  const { decisions, opened, keys: newKeys } = decideCheckouts({ orders, lines, keys }, requests);

  const [frozen] = await Promise.all([
    opened.length > 0
      ? tx.run(freezeOrders, [opened.map((o) => o.order_id), opened.map((o) => o.saga_id)])
      : [],
    opened.length > 0 &&
      tx.run(openSagas, [
        opened.map((o) => o.saga_id),
        opened.map((o) => o.order_id),
        opened.map((o) => o.user_id),
        opened.map((o) => o.amount),
        opened.map((o) => o.traceparent),
        cancelAfterMs,
      ]),
    newKeys.length > 0 &&
      tx.run(storeCheckoutKeys, [
        newKeys.map((k) => k.key),
        newKeys.map((k) => k.fingerprint),
        newKeys.map((k) => k.saga_id),
      ]),
  ]);
  if (frozen.length !== opened.length)
    throw new InvariantViolation('an order that was locked open was not open');
  return { decisions, emit: opened.map(checkoutRequested) };
}
