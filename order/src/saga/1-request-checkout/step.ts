import type { SagaEvent } from '../../../../shared/contract/events';
import { asJson, columns } from '../../../../shared/postgres/statement';
import type { Tx } from '../../../../shared/postgres/tx';
import { statusOf } from '../order-state';
import {
  type CheckoutDecision,
  type CheckoutDecisions,
  type CheckoutRequest,
  checkoutRequested,
  decideCheckouts,
  type OrderRow,
} from './decide';
import {
  correctOrders,
  freezeOrders,
  openSagas,
  readCheckoutKeys,
  readLines,
  storeCheckoutKeys,
} from './statements';

/** Step 1 freezes orders and opens a saga for each. */
export async function requestCheckouts(
  tx: Tx,
  requests: readonly CheckoutRequest[],
  cancelAfterMs: number,
): Promise<{ decisions: CheckoutDecision[]; emit: SagaEvent[] }> {
  const offered = firstOffers(requests);
  const keyNames = requests.flatMap((request) => request.idempotency?.key ?? []);
  // The statements are sent at once and run one after the other, so the lines are read after the orders are locked.
  const [orders, lines, keys] = await Promise.all([
    tx.run(freezeOrders, [asJson(offered)]),
    tx.run(readLines, [[...offered.keys()]]),
    keyNames.length > 0 ? tx.run(readCheckoutKeys, [keyNames]) : [],
  ]);
  const { decisions, opened, keys: newKeys } = decideCheckouts({ orders, lines, keys }, requests);

  const corrections = findCorrections(orders, offered, opened);
  if (corrections.length > 0) {
    tx.send(correctOrders, [asJson(corrections)]);
  }
  if (opened.length > 0) {
    tx.send(openSagas, [
      ...columns(opened, 'saga_id', 'order_id', 'user_id', 'amount', 'traceparent'),
      cancelAfterMs,
    ]);
  }
  if (newKeys.length > 0) {
    tx.send(storeCheckoutKeys, columns(newKeys, 'key', 'fingerprint', 'saga_id'));
  }
  return { decisions, emit: opened.map(checkoutRequested) };
}

/** Chooses the saga to freeze each order for, before its row is known: that of the first request that may open one. */
function firstOffers(requests: readonly CheckoutRequest[]): Map<string, string | null> {
  const offers = new Map<string, string | null>();
  for (const { order_id, saga_id, may_open } of requests) {
    offers.set(order_id, offers.get(order_id) ?? (may_open ? saga_id : null));
  }
  return offers;
}

/** Returns the right saga for each order that was open, where `freezeOrders` wrote another one. */
function findCorrections(
  orders: readonly OrderRow[],
  offered: ReadonlyMap<string, string | null>,
  opened: CheckoutDecisions['opened'],
): [orderId: string, sagaId: string | null][] {
  const sagas = new Map(opened.map((saga) => [saga.order_id, saga.saga_id]));
  return orders
    .filter((order) => statusOf(order) === 'OPEN' && offered.get(order.id) !== (sagas.get(order.id) ?? null))
    .map(({ id, saga_id }) => [id, sagas.get(id) ?? saga_id]);
}
