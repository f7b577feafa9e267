import { type CheckoutEvent, linesCrc32 } from '../../../../shared/contract/events';
import { recordStaff, type StaffRequest } from '../../../../shared/postgres/staff';
import { asJson, columns } from '../../../../shared/postgres/statement';
import type { Tx } from '../../../../shared/postgres/tx';
import { statusOf } from '../order-state';
import {
  type CheckoutDecision,
  type CheckoutRequest,
  checkoutRequested,
  decideCheckouts,
  type OrderRow,
} from './decide';
import {
  correctOrders,
  freezeOrders,
  type LockedOrder,
  openSagas,
  readCheckoutKeys,
  readLines,
  storeCheckoutKeys,
} from './statements';

export interface RequestedCheckouts {
  /** One for each request, in the same order. */
  decisions: CheckoutDecision[];
  emit: CheckoutEvent[];
}

/** Step 1 freezes orders and opens a saga for each. */
export function requestCheckouts(
  tx: Tx,
  requests: readonly CheckoutRequest[],
  cancelAfterMs: number,
): Promise<RequestedCheckouts> {
  return requestExcept(NO_ORDERS, tx, requests, cancelAfterMs);
}

const NO_ORDERS: ReadonlyMap<string, LockedOrder | undefined> = new Map();

/** @param locked the orders that cannot be frozen, because another session has them locked; undefined if there is none */
export async function requestExcept(
  locked: ReadonlyMap<string, LockedOrder | undefined>,
  tx: Tx,
  requests: readonly CheckoutRequest[],
  cancelAfterMs: number,
): Promise<RequestedCheckouts> {
  const mayOpen = ordersThatMayOpen(requests.filter((request) => !locked.has(request.order_id)));
  const keyNames = requests.flatMap((request) => request.idempotency?.key ?? []);
  // The statements are sent at once and run one after the other, so the lines are read after the orders are locked.
  const [frozen, lines, keys] = await Promise.all([
    mayOpen.size > 0 ? tx.run(freezeOrders, [asJson(mayOpen)]) : [],
    mayOpen.size > 0 ? tx.run(readLines, [[...mayOpen.keys()]]) : [],
    keyNames.length > 0 ? tx.run(readCheckoutKeys, [keyNames]) : [],
  ]);
  const orders = locked.size > 0 ? [...frozen, ...unfrozen(locked)] : frozen;
  const { decisions, opened, keys: newKeys } = decideCheckouts({ orders, lines, keys }, requests);

  const corrections = findCorrections(frozen, new Set(opened.map((saga) => saga.order_id)));
  if (corrections.length > 0) {
    tx.send(correctOrders, [asJson(corrections)]);
  }
  if (opened.length > 0) {
    tx.send(openSagas, [
      ...columns(opened, 'saga_id', 'order_id', 'user_id', 'amount', 'traceparent'),
      opened.map((saga) => linesCrc32(saga.lines)),
      cancelAfterMs,
    ]);
  }
  recordStaff(tx, openedByStaff(requests, decisions));
  if (newKeys.length > 0) {
    tx.send(storeCheckoutKeys, columns(newKeys, 'key', 'fingerprint', 'saga_id'));
  }
  return { decisions, emit: opened.map(checkoutRequested) };
}

function openedByStaff(
  requests: readonly CheckoutRequest[],
  decisions: readonly CheckoutDecision[],
): StaffRequest[] {
  return requests.flatMap(({ staff, order_id }, index) => {
    const decision = decisions[index];
    return staff !== undefined && decision?.kind === 'opened'
      ? [{ staff, method: 'POST', path: `/orders/checkout/${order_id}`, sagaId: decision.saga_id }]
      : [];
  });
}

function unfrozen(locked: ReadonlyMap<string, LockedOrder | undefined>): OrderRow[] {
  return [...locked.values()].flatMap((order) =>
    order ? { ...order, frozen_for: order.saga_id, is_locked: true } : [],
  );
}

/** Returns whether a saga may be opened for each order: whether there is room for any of its requests. */
function ordersThatMayOpen(requests: readonly CheckoutRequest[]): Map<string, boolean> {
  const mayOpen = new Map<string, boolean>();
  for (const { order_id, may_open } of requests) {
    mayOpen.set(order_id, mayOpen.get(order_id) || may_open);
  }
  return mayOpen;
}

/** Returns the earlier saga of each order that `freezeOrders` has frozen and for which none was opened. */
function findCorrections(
  orders: readonly OrderRow[],
  opened: ReadonlySet<string>,
): [orderId: string, sagaId: string | null][] {
  return orders
    .filter(
      (order) => statusOf(order) === 'OPEN' && order.frozen_for !== order.saga_id && !opened.has(order.id),
    )
    .map(({ id, saga_id }) => [id, saga_id]);
}
