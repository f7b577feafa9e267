import type { Channel } from 'amqplib';
import { eventsHeardBy, eventTypes, publisherOf, queues } from '../contract/events';

/**
 * What the broker holds, all of it declared by whoever connects first, so that no order of starting loses a message.
 *
 *     order.events ─┐                       ┌─► stock.reserve   ─┐
 *     stock.events ─┼─ routing key = event ─┼─► …                ├─ given up ─► dead_letters ─► stock.reserve.dead
 *     payment.events┘                       └─► order.settle    ─┘
 *
 * Queues are quorum queues: replicated where there are several brokers, and written to disk before a confirm.
 */
export const DEAD_LETTERS = 'dead_letters';

/** Where the outcomes of sagas are told to every replica of order; a hint, so nothing about it is durable. */
export const SETTLED = 'order.settled';

/** Deliveries after which the broker itself gives a message up: only a message that ends processes gets there. */
const DELIVERY_LIMIT = 100;

/** Messages (each up to 256 events) in a queue, past which publishing is refused and waits in the outbox. */
const MAX_QUEUE_LENGTH = 100_000;

export function exchangeOf(publisher: string): string {
  return `${publisher}.events`;
}

export function deadLetterQueueOf(queue: string): string {
  return `${queue}.dead`;
}

export async function declareTopology(channel: Channel): Promise<void> {
  const durable = { durable: true };
  await channel.assertExchange(DEAD_LETTERS, 'direct', durable);
  await channel.assertExchange(SETTLED, 'fanout', durable);
  for (const exchange of new Set(eventTypes.map((type) => exchangeOf(publisherOf(type))))) {
    await channel.assertExchange(exchange, 'direct', durable);
  }
  for (const queue of queues) {
    const dead = deadLetterQueueOf(queue);
    await channel.assertQueue(dead, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await channel.bindQueue(dead, DEAD_LETTERS, queue);
    await channel.assertQueue(queue, {
      durable: true,
      arguments: {
        'x-queue-type': 'quorum',
        'x-delivery-limit': DELIVERY_LIMIT,
        'x-max-length': MAX_QUEUE_LENGTH,
        'x-overflow': 'reject-publish',
        'x-dead-letter-exchange': DEAD_LETTERS,
        'x-dead-letter-routing-key': queue,
        'x-dead-letter-strategy': 'at-least-once',
      },
    });
    for (const type of eventsHeardBy(queue))
      await channel.bindQueue(queue, exchangeOf(publisherOf(type)), type);
  }
}
