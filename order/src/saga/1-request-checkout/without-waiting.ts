import type { SagaEvent } from '../../../../shared/contract/events';
import type { Tx } from '../../../../shared/postgres/tx';
import { type LastAttempt, statusOf } from '../order-state';
import type { CheckoutDecision, CheckoutRequest } from './decide';
import { findLockedOrders } from './statements';
import { requestCheckouts } from './step';

/**
 * Step 1 while another session may hold locks. It waits for no lock: a request for an order that is locked opens
 * nothing, but it joins the saga in flight or learns that the order is paid, because neither needs the lock.
 */
export async function requestWithoutWaiting(
  tx: Tx,
  requests: readonly CheckoutRequest[],
  cancelAfterMs: number,
): Promise<{ decisions: CheckoutDecision[]; emit: SagaEvent[] }> {
  const orderIds = [...new Set(requests.map((request) => request.order_id))];
  const locked = new Map((await tx.run(findLockedOrders, [orderIds])).map((order) => [order.id, order]));
  const free = requests.filter((request) => !locked.has(request.order_id));
  const { decisions, emit } =
    free.length > 0 ? await requestCheckouts(tx, free, cancelAfterMs) : { decisions: [], emit: [] };
  const decided = new Map(free.map((request, i) => [request, decisions[i] as CheckoutDecision]));
  return {
    decisions: requests.map(
      (request) => decided.get(request) ?? decideLocked(locked.get(request.order_id) as LastAttempt),
    ),
    emit,
  };
}

function decideLocked(order: LastAttempt): CheckoutDecision {
  const status = statusOf(order);
  return status === 'OPEN'
    ? { kind: 'locked' }
    : { kind: status === 'PAID' ? 'paid' : 'joined', saga_id: order.saga_id as string };
}
