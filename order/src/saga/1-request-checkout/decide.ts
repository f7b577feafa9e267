import type { CheckoutEvent, Line } from '../../../../shared/contract/events';
import type { Staff } from '../../../../shared/postgres/staff';
import { belongs, type LastAttempt, statusOf } from '../order-state';

/**
 * Step 1 decides whether a checkout request opens a saga. The status of its order decides:
 *
 *     order         condition         decision
 *     OPEN          no room           overloaded: refused before anything starts
 *     OPEN          no lines          empty: there is nothing to buy
 *     OPEN          room and lines    opened: a new saga; the order becomes CHECKING_OUT
 *     CHECKING_OUT  any               joined: the request shares the saga in flight
 *     PAID          any               paid: nothing is charged again
 *     DISPUTED      any               disputed: something else was sold, and nothing is charged again
 *     none          any               unknown_order; so is the order of another user, where it must not be
 *
 * The id of the new saga was chosen when the order was frozen: that of the order's first saga, or the one after the last
 * (docs/decisions/0022). So an order that was restored from a backup offers the ids again that it offered before, and
 * payment and stock repeat what they decided then.
 *
 * A request whose idempotency key was used before opens nothing. If it repeats the earlier request, it gets the saga
 * of that one (repeated); otherwise it is refused (key_reused). While another session has an open order locked, nothing
 * can be decided about it (locked, see without-waiting.ts). What needs no lock of the order is decided as always.
 */
export interface CheckoutRequest {
  order_id: string;
  /** The user to whom the order must belong; undefined if it may be anybody's. */
  only_of: string | undefined;
  /** Whether there is room for another saga. If not, the request can only join or return an existing one. */
  may_open: boolean;
  traceparent: string;
  idempotency?: { key: string; fingerprint: string };
  /** Who asks for it on behalf of the buyer. */
  staff?: Staff | undefined;
  /** Whether the order was locked when this request came before, half a second ago. */
  was_locked?: boolean;
}

export type CheckoutDecision =
  | { kind: 'opened' | 'joined' | 'paid' | 'disputed' | 'repeated'; saga_id: string }
  | { kind: 'unknown_order' | 'empty' | 'key_reused' | 'overloaded' }
  /** With the error of a COMMIT by which the saga may have been opened after all. */
  | { kind: 'locked'; lost?: Error };

export interface OrderRow extends LastAttempt {
  readonly id: string;
  readonly user_id: string;
  /** The saga that the order is now frozen for: a new one if it was OPEN and there was room, otherwise as before. */
  readonly frozen_for: string | null;
  /** Whether another session has the order locked, so that it could not be frozen. */
  readonly is_locked?: boolean;
}
export interface LineRow extends Line {
  order_id: string;
  price: number;
}
/** `saga_id` is null if the key belongs to a request that was not a checkout. */
export interface KeyRow {
  key: string;
  fingerprint: string;
  saga_id: string | null;
}

export interface OpenedSaga {
  saga_id: string;
  order_id: string;
  user_id: string;
  amount: number;
  traceparent: string;
  lines: Line[];
}

export interface CheckoutDecisions {
  /** One for each request, in the same order. */
  decisions: CheckoutDecision[];
  opened: OpenedSaga[];
  /** New idempotency keys, each with the saga that determines its answer. */
  keys: { key: string; fingerprint: string; saga_id: string }[];
}

/** What becomes of a request for an order that is not OPEN. */
const kindFor = { CHECKING_OUT: 'joined', PAID: 'paid', DISPUTED: 'disputed' } as const;

/** @param rows the orders as they were before this batch, their lines, and the keys that were used before */
export function decideCheckouts(
  rows: { orders: readonly OrderRow[]; lines: readonly LineRow[]; keys: readonly KeyRow[] },
  requests: readonly CheckoutRequest[],
): CheckoutDecisions {
  const orders = new Map(rows.orders.map((order) => [order.id, order]));
  const lines = new Map<string, LineRow[]>();
  for (const line of rows.lines) {
    const orderLines = lines.get(line.order_id);
    if (orderLines) {
      orderLines.push(line);
    } else {
      lines.set(line.order_id, [line]);
    }
  }
  const usedKeys = new Map(rows.keys.map((row) => [row.key, row]));
  const result: CheckoutDecisions = { decisions: [], opened: [], keys: [] };

  for (const request of requests) {
    const decision = decideOne(request);
    result.decisions.push(decision);
    if (request.idempotency && 'saga_id' in decision && decision.kind !== 'repeated') {
      const key = { ...request.idempotency, saga_id: decision.saga_id };
      usedKeys.set(key.key, key);
      result.keys.push(key);
    }
  }
  return result;

  function decideOne({
    order_id,
    only_of,
    may_open,
    traceparent,
    idempotency,
  }: CheckoutRequest): CheckoutDecision {
    const earlier = idempotency && usedKeys.get(idempotency.key);
    if (earlier) {
      const isRepetition = earlier.fingerprint === idempotency.fingerprint && earlier.saga_id !== null;
      return isRepetition ? { kind: 'repeated', saga_id: earlier.saga_id as string } : { kind: 'key_reused' };
    }
    const order = orders.get(order_id);
    if (!order || !belongs(order, only_of)) {
      return { kind: 'unknown_order' };
    }
    const status = statusOf(order);
    if (status !== 'OPEN') {
      return { kind: kindFor[status], saga_id: order.saga_id as string };
    }
    if (!may_open) {
      return { kind: 'overloaded' };
    }
    if (order.is_locked) {
      return { kind: 'locked' };
    }
    const orderLines = lines.get(order_id) ?? [];
    if (orderLines.length === 0) {
      return { kind: 'empty' };
    }
    const saga_id = order.frozen_for as string;
    orders.set(order_id, { ...order, saga_id, state: 'PENDING' });
    result.opened.push({
      saga_id,
      order_id,
      user_id: order.user_id,
      amount: orderLines.reduce((sum, line) => sum + line.quantity * line.price, 0),
      traceparent,
      lines: orderLines.map(({ item_id, quantity }) => ({ item_id, quantity })),
    });
    return { kind: 'opened', saga_id };
  }
}

export function checkoutRequested(saga: OpenedSaga): CheckoutEvent {
  const { saga_id, order_id, user_id, amount, traceparent, lines } = saga;
  return {
    type: 'order.checkout_requested',
    traceparent,
    data: { saga_id, order_id, user_id, amount, lines },
  };
}
