import { z } from 'zod';

/**
 * Every event of the checkout saga: its name, what it carries, and the step that hears it.
 *
 * An event is named `<publisher>.<past_tense_fact>`; the name is also its routing key, and the queue is
 * named after the step. Amounts are whole credits, quantities whole units, both at most 2^53 - 1.
 */
const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const amount = z.int().min(0);
/** Lower case only: PostgreSQL answers in lower case, and one saga must not go by two names. */
const sagaId = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const saga = { saga_id: sagaId, order_id: id };
const purchase = { ...saga, user_id: id, amount };

/** Why a checkout failed. Closed: a client may switch on it. */
export const failureReason = z.enum([
  'out_of_stock',
  'unknown_item',
  'insufficient_credit',
  'unknown_user',
  'cancelled',
]);
export type FailureReason = z.infer<typeof failureReason>;

const line = z.object({ item_id: id, quantity: z.int().min(1) });
export type Line = z.infer<typeof line>;
const lines = z
  .array(line)
  .min(1)
  .refine(
    (all) => new Set(all.map((one) => one.item_id)).size === all.length,
    'an item has one line at most',
  );

export const contract = {
  /** The order is frozen and somebody waits for the outcome. */
  'order.checkout_requested': {
    heardBy: 'stock.reserve',
    data: z.object({ ...purchase, lines }),
  },
  /** The deadline has passed: payment, who alone decides, is asked to decline unless it has decided already. */
  'order.checkout_cancel_requested': { heardBy: 'payment.charge', data: z.object(purchase) },
  /** Every line is set aside for this saga. */
  'stock.reserved': { heardBy: 'payment.charge', data: z.object(purchase) },
  /** Nothing was set aside. */
  'stock.rejected': { heardBy: 'order.settle', data: z.object({ ...saga, reason: failureReason }) },
  /** What was set aside, if anything, can be sold again: the compensation. */
  'stock.released': { heardBy: 'order.settle', data: z.object({ ...saga, reason: failureReason }) },
  /** The commit decision: credit was taken. Both stock and order hear it. */
  'payment.captured': { heardBy: ['stock.settle', 'order.settle'], data: z.object({ ...saga, amount }) },
  /** The abort decision: credit was not taken and never will be. */
  'payment.rejected': { heardBy: 'stock.settle', data: z.object({ ...purchase, reason: failureReason }) },
} as const;

export type EventType = keyof typeof contract;
export type Payload<T extends EventType> = z.infer<(typeof contract)[T]['data']>;

/** One event: what it is, the W3C trace context it belongs to, and its data. */
export type SagaEvent<T extends EventType = EventType> = {
  [K in T]: { type: K; traceparent: string; data: Payload<K> };
}[T];

export const eventTypes = Object.keys(contract) as EventType[];

/** The service that publishes an event or a broadcast, or consumes a queue: the part of the name before the dot. */
export function serviceOf(name: string): string {
  return name.slice(0, name.indexOf('.'));
}

/** The queues that hear an event. */
export function queuesHearing(type: EventType): readonly string[] {
  return [contract[type].heardBy].flat();
}

/** Every queue of the saga, each named after the step that consumes it. */
export const queues: readonly string[] = [...new Set(eventTypes.flatMap((type) => queuesHearing(type)))];

/** The events that a queue receives. */
export function eventsHeardBy(queue: string): EventType[] {
  return eventTypes.filter((type) => queuesHearing(type).includes(queue));
}
