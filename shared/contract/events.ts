import { crc32 } from 'node:zlib';
import { z } from 'zod';

/**
 * Every event of the sagas: its name, its data, and the step or steps that consume it. Services exchange those of a checkout
 * until it is paid or has failed, and those of a restock until what a shopkeeper has put into the shop can be sold.
 *
 * An event is named `<publisher>.<past_tense_fact>`; the name is also its routing key, and the queue is named after the
 * step. Amounts are whole credits, quantities whole units, both at most 2^53 - 1.
 */
const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const amount = z.int().min(0);
/** Lower case only, as PostgreSQL returns it: a saga must have only one spelling of its id. */
const sagaId = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const saga = { saga_id: sagaId, order_id: id };
const purchase = { ...saga, user_id: id, amount };
/** See `linesCrc32`. A replica of an earlier version does not send it. */
const content = { lines_crc32: z.int().optional() };

/** Why a checkout failed. The list is closed, so a client may switch on it. */
export const failureReason = z.enum([
  'out_of_stock',
  'unknown_item',
  'insufficient_credit',
  'unknown_user',
  'cancelled',
]);
export type FailureReason = z.infer<typeof failureReason>;

/** Why a restock changed nothing. The list is closed. */
export const restockRefusal = z.enum(['limit_exceeded', 'other_price']);
export type RestockRefusal = z.infer<typeof restockRefusal>;

const restock = { saga_id: sagaId, item_id: id };

const line = z.object({ item_id: id, quantity: z.int().min(1) });
export type Line = z.infer<typeof line>;
const lines = z
  .array(line)
  .min(1)
  .refine(
    (given) => new Set(given.map(({ item_id }) => item_id)).size === given.length,
    'an item may have only one line',
  );

/**
 * What was bought, as a number: a signed 32-bit CRC-32 of the lines, in whatever order they come. Order compares it
 * with its own before it calls an order paid: one that forgot what it sold must not sell something else under that id.
 */
export function linesCrc32(lines: readonly Line[]): number {
  const sorted = lines.map(({ item_id, quantity }) => `${item_id} ${quantity}`).sort();
  return crc32(sorted.join()) | 0;
}

export const contract = {
  /** The order is frozen, and a client waits for the outcome. */
  'order.checkout_requested': {
    consumedBy: 'stock.reserve',
    data: z.object({ ...purchase, lines }),
  },
  /** The deadline has passed. Only payment decides, so order asks it to reject the saga if it has not decided yet. */
  'order.checkout_cancel_requested': { consumedBy: 'payment.charge', data: z.object(purchase) },
  /** Every line is reserved for this saga. */
  'stock.reserved': { consumedBy: 'payment.charge', data: z.object({ ...purchase, ...content }) },
  /** Stock has waited too long for a decision. Like order, it asks payment to reject the saga if it has not decided yet. */
  'stock.decision_requested': { consumedBy: 'payment.charge', data: z.object(purchase) },
  /** Nothing was reserved. */
  'stock.rejected': { consumedBy: 'order.settle', data: z.object({ ...saga, reason: failureReason }) },
  /**
   * The saga has failed, and has no units: what was reserved, if anything, can be sold again. This is the compensation. Only
   * what payment has forgotten, when its database was restored, stays sold.
   */
  'stock.released': { consumedBy: 'order.settle', data: z.object({ ...saga, reason: failureReason }) },
  /** The commit decision: credit was taken. Stock and order both consume it. */
  'payment.captured': {
    consumedBy: ['stock.settle', 'order.settle'],
    data: z.object({ ...saga, amount, ...content }),
  },
  /** The decision against the checkout: no credit was taken, and none ever will be. */
  'payment.rejected': { consumedBy: 'stock.settle', data: z.object({ ...purchase, reason: failureReason }) },

  /** A shopkeeper has put units of a product into the shop. The id of the saga is that of the restock. */
  'catalog.item_stocked': {
    consumedBy: 'stock.restock',
    data: z.object({ ...restock, quantity: z.int().min(1), price: amount }),
  },
  /** The units were added, to a new item if there was none, and can be sold. */
  'stock.item_changed': {
    consumedBy: 'catalog.list',
    data: z.object({ ...restock, quantity: z.int().min(1), price: amount }),
  },
  /** No unit was added. */
  'stock.item_refused': {
    consumedBy: 'catalog.list',
    data: z.object({ ...restock, reason: restockRefusal }),
  },
} as const;

export type EventType = keyof typeof contract;
export type Payload<T extends EventType> = z.infer<(typeof contract)[T]['data']>;

/** One event: what it is, the W3C trace context it belongs to, and its data. */
export type SagaEvent<T extends EventType = EventType> = {
  [K in T]: { type: K; traceparent: string; data: Payload<K> };
}[T];

/** An event of a checkout. */
export type CheckoutEvent = Extract<SagaEvent, { data: { order_id: string } }>;
/** An event of a restock. */
export type RestockEvent = Exclude<SagaEvent, CheckoutEvent>;

export const eventTypes = Object.keys(contract) as EventType[];

/** The service that publishes an event or a broadcast, or consumes a queue: the part of the name before the dot. */
export function serviceOf(name: string): string {
  return name.slice(0, name.indexOf('.'));
}

/** The queues that receive an event. */
export function queuesFor(type: EventType): readonly string[] {
  return [contract[type].consumedBy].flat();
}

/** Every queue of the saga, each named after the step that consumes it. */
export const queues: readonly string[] = [...new Set(eventTypes.flatMap((type) => queuesFor(type)))];

/** The events that a queue receives. */
export function eventsFor(queue: string): EventType[] {
  return eventTypes.filter((type) => queuesFor(type).includes(queue));
}
