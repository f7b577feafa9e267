import type { Tx } from '../../../../shared/postgres/tx';
import type { CheckoutRequest } from './decide';
import { findLockedOrders, readOrders } from './statements';
import { type RequestedCheckouts, requestExcept } from './step';

/**
 * Step 1 while another session may hold locks. It waits for no row: a request for an order that is locked opens
 * nothing, but it joins the saga in flight or learns how that ended, because neither needs the lock.
 */
export async function requestWithoutWaiting(
  tx: Tx,
  requests: readonly CheckoutRequest[],
  cancelAfterMs: number,
): Promise<RequestedCheckouts> {
  const locked = await tx.run(findLockedOrders, [ordersOf(requests)]);
  return requestExcept(new Map(locked.map((order) => [order.id, order])), tx, requests, cancelAfterMs);
}

/** Step 1 while another session has locked the whole table against writing. It opens nothing. */
export async function requestWithoutWriting(
  tx: Tx,
  requests: readonly CheckoutRequest[],
  cancelAfterMs: number,
): Promise<RequestedCheckouts> {
  const ids = ordersOf(requests);
  const orders = new Map((await tx.run(readOrders, [ids])).map((order) => [order.id, order]));
  return requestExcept(new Map(ids.map((id) => [id, orders.get(id)])), tx, requests, cancelAfterMs);
}

function ordersOf(requests: readonly CheckoutRequest[]): string[] {
  return [...new Set(requests.map((request) => request.order_id))];
}
