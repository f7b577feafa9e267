import { broadcastNames } from '../contract/broadcasts';
import { eventsFor, eventTypes, queues, serviceOf } from '../contract/events';

/**
 * The topology of the broker, as data: one source for the services, which declare it (see open-topology.ts), and for the
 * definitions that a deployment imports (see tools/deploy/define-broker.ts).
 *
 *     order.events ─┐                       ┌─► stock.reserve   ─┐
 *     stock.events ─┼─ routing key = event ─┼─► …                ├─ parked ─► dead_letters ─► stock.reserve.dead
 *     payment.events┘                       └─► order.settle    ─┘
 *
 * Queues are quorum queues: replicated where there are several brokers, and written to disk before a confirm.
 */
export const DEAD_LETTERS = 'dead_letters';

/** After this many deliveries the broker itself parks a message: only one that crashes its consumers gets there. */
const DELIVERY_LIMIT = 100;

/** The most messages (each up to 256 events) in a queue. Beyond it the broker refuses more; they wait in the outbox. */
const MAX_QUEUE_LENGTH = 100_000;

export function exchangeOf(publisher: string): string {
  return `${publisher}.events`;
}

export function deadLetterQueueOf(queue: string): string {
  return `${queue}.dead`;
}

export const exchanges: readonly { name: string; type: 'direct' | 'fanout' }[] = [
  { name: DEAD_LETTERS, type: 'direct' },
  ...broadcastNames.map((name) => ({ name, type: 'fanout' as const })),
  ...[...new Set(eventTypes.map((type) => exchangeOf(serviceOf(type))))].map((name) => ({
    name,
    type: 'direct' as const,
  })),
];

const quorum = { 'x-queue-type': 'quorum' };
export const declaredQueues: readonly { name: string; arguments: Record<string, string | number> }[] =
  queues.flatMap((queue) => [
    { name: deadLetterQueueOf(queue), arguments: quorum },
    {
      name: queue,
      arguments: {
        ...quorum,
        'x-delivery-limit': DELIVERY_LIMIT,
        'x-max-length': MAX_QUEUE_LENGTH,
        'x-overflow': 'reject-publish',
        'x-dead-letter-exchange': DEAD_LETTERS,
        'x-dead-letter-routing-key': queue,
        'x-dead-letter-strategy': 'at-least-once',
      },
    },
  ]);

export const bindings: readonly { exchange: string; queue: string; key: string }[] = queues.flatMap(
  (queue) => [
    { exchange: DEAD_LETTERS, queue: deadLetterQueueOf(queue), key: queue },
    ...eventsFor(queue).map((type) => ({ exchange: exchangeOf(serviceOf(type)), queue, key: type })),
  ],
);

/**
 * Whether an exchange or a queue belongs to a service. Everybody parks events, so the exchange of the dead letters
 * belongs to every service.
 */
export function belongsTo(service: string, name: string): boolean {
  return name === DEAD_LETTERS || serviceOf(name) === service;
}
