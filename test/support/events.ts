import {
  type FailureReason,
  linesCrc32,
  type RestockRefusal,
  type SagaEvent,
} from '../../shared/contract/events';

/** Builders of the saga's events, so that a test spells out only what matters to it. */

export interface Purchase {
  saga_id: string;
  order_id: string;
  user_id: string;
  amount: number;
}

export const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** Returns the id of the n-th saga of a test, in the form that the contract requires. */
export function sagaId(n: number): string {
  return `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
}

/** Returns the n-th purchase of a test: its own saga, order and user, 10 credits. */
export function purchase(n: number, given: Partial<Purchase> = {}): Purchase {
  return { saga_id: sagaId(n), order_id: `order-${n}`, user_id: `user-${n}`, amount: 10, ...given };
}

/** @param wanted quantity per item */
export function checkoutRequested(
  bought: Purchase,
  wanted: Record<string, number>,
): SagaEvent<'order.checkout_requested'> {
  const data = { ...bought, lines: linesOf(wanted) };
  return { type: 'order.checkout_requested', traceparent: TRACEPARENT, data };
}

function linesOf(wanted: Record<string, number>) {
  return Object.entries(wanted).map(([item_id, quantity]) => ({ item_id, quantity }));
}

/** Returns what was bought as the number that events carry. */
export function crcOf(wanted: Record<string, number>): number {
  return linesCrc32(linesOf(wanted));
}

export function cancelRequested(bought: Purchase): SagaEvent<'order.checkout_cancel_requested'> {
  return { type: 'order.checkout_cancel_requested', traceparent: TRACEPARENT, data: bought };
}

export function decisionRequested(bought: Purchase): SagaEvent<'stock.decision_requested'> {
  return { type: 'stock.decision_requested', traceparent: TRACEPARENT, data: bought };
}

/** @param lines_crc32 what was bought, as a number; without it, the event is as an earlier version published it */
export function stockReserved(bought: Purchase, lines_crc32?: number): SagaEvent<'stock.reserved'> {
  const data = { ...bought, ...(lines_crc32 !== undefined && { lines_crc32 }) };
  return { type: 'stock.reserved', traceparent: TRACEPARENT, data };
}

export function stockRejected(
  { saga_id, order_id }: Purchase,
  reason: FailureReason = 'out_of_stock',
): SagaEvent<'stock.rejected'> {
  return { type: 'stock.rejected', traceparent: TRACEPARENT, data: { saga_id, order_id, reason } };
}

export function stockReleased(
  { saga_id, order_id }: Purchase,
  reason: FailureReason = 'insufficient_credit',
): SagaEvent<'stock.released'> {
  return { type: 'stock.released', traceparent: TRACEPARENT, data: { saga_id, order_id, reason } };
}

export function paymentCaptured(
  { saga_id, order_id, amount }: Purchase,
  lines_crc32?: number,
): SagaEvent<'payment.captured'> {
  const data = { saga_id, order_id, amount, ...(lines_crc32 !== undefined && { lines_crc32 }) };
  return { type: 'payment.captured', traceparent: TRACEPARENT, data };
}

export function paymentRejected(
  bought: Purchase,
  reason: FailureReason = 'insufficient_credit',
): SagaEvent<'payment.rejected'> {
  return { type: 'payment.rejected', traceparent: TRACEPARENT, data: { ...bought, reason } };
}

export interface Restocked {
  saga_id: string;
  item_id: string;
  quantity: number;
  price: number;
}

/** Returns the n-th restock of a test: its own saga, 5 units of the lamp, which costs 10 credits. */
export function restocked(n: number, given: Partial<Restocked> = {}): Restocked {
  return { saga_id: sagaId(n), item_id: 'lamp', quantity: 5, price: 10, ...given };
}

export function itemStocked(data: Restocked): SagaEvent<'catalog.item_stocked'> {
  return { type: 'catalog.item_stocked', traceparent: TRACEPARENT, data };
}

export function itemChanged(data: Restocked): SagaEvent<'stock.item_changed'> {
  return { type: 'stock.item_changed', traceparent: TRACEPARENT, data };
}

export function itemRefused(
  { saga_id, item_id }: Restocked,
  reason: RestockRefusal,
): SagaEvent<'stock.item_refused'> {
  return { type: 'stock.item_refused', traceparent: TRACEPARENT, data: { saga_id, item_id, reason } };
}
