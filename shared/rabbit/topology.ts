import type { Channel } from 'amqplib';
import { broadcastNames } from '../contract/broadcasts';
import { eventsFor, eventTypes, queues, serviceOf } from '../contract/events';

/**
 * The topology of the broker. The first service to connect declares all of it, so that services can start in any order
 * without losing a message. Where services may not declare, it is imported before they start (see
 * tools/deploy/define-broker.ts), and they check that it exists.
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

/** What is declared, as data: one source for the services and for the definitions that a deployment imports. */
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

/** Whether a service declares the topology, or only checks that it exists. */
export type TopologyMode = 'declare' | 'check';

export async function declareTopology(channel: Channel): Promise<void> {
  for (const { name, type } of exchanges) {
    await channel.assertExchange(name, type, { durable: true });
  }
  for (const { name, arguments: settings } of declaredQueues) {
    await channel.assertQueue(name, { durable: true, arguments: settings });
  }
  for (const { exchange, queue, key } of bindings) {
    await channel.bindQueue(queue, exchange, key);
  }
}

/**
 * Checks the exchanges and queues, without the right to configure anything. AMQP cannot check bindings: publishing with
 * `mandatory` notices a missing one.
 * @throws when an exchange or a queue is missing
 */
export async function checkTopology(channel: Channel): Promise<void> {
  for (const { name } of exchanges) {
    await channel.checkExchange(name);
  }
  for (const { name } of declaredQueues) {
    await channel.checkQueue(name);
  }
}
