import type { Channel, ConsumeMessage } from 'amqplib';
import type { Logger } from '../observe/log';
import { repeat } from '../service/loop';
import { type Calls, inTime, NOT_FOUND, openCalls } from './calls';
import { close, cut } from './close';
import { closeOnFailure, keepConnected, type RabbitConnection } from './connection';
import type { Topology } from './open-topology';

export interface Delivery {
  readonly body: Buffer;
  readonly headers: Record<string, unknown>;
  readonly redelivered: boolean;
  /** Acknowledges the message. Does nothing once its connection is lost: the broker then redelivers the message. */
  ack(): void;
}

export interface Subscription {
  queue: string;
  /** The most unacked messages at a time. */
  prefetch: number;
  onDelivery(delivery: Delivery): void;
}

export interface Consumer extends RabbitConnection {
  /**
   * Stops deliveries. Delivered messages can still be acknowledged, unless the broker does not answer: it then counts as
   * lost.
   */
  cancel(): Promise<void>;
}

/** A service that stops waits 10 s for its consumer to end, and then stops what the handling of events needs. */
const CANCEL_WITHIN_MS = 4_000;

/**
 * The broker tells a consumer that its queue was deleted, but not always. RabbitMQ 3.10.8 sometimes says nothing. Then the
 * next queue of that name has no consumer, or one that is counted and gets nothing. While a queue has no leader, it looks
 * the same; so only what is seen twice counts.
 */
const LOOK_EVERY_MS = 5_000;

/** What a subscription has got on its present connection. */
interface Progress {
  deliveries: number;
  unacked: number;
  /** At the last look. */
  deliveriesBefore: number;
  isIdle: boolean;
}

/**
 * Consumes queues on one connection, each on its own channel, and starts over whenever the connection is lost, or the
 * broker delivers nothing although it should.
 */
export async function connectConsumer(options: {
  url: string;
  name: string;
  log: Logger;
  topology?: Topology;
  subscriptions: readonly Subscription[];
}): Promise<Consumer> {
  let cancelling = false;
  let cancelAll: (() => Promise<unknown>)[] = [];
  let channels: Channel[] = [];
  let startOver = () => {};
  const progress = new Map<string, Progress>();

  const connection = await keepConnected({
    ...options,
    async setup(model) {
      cancelAll = [];
      channels = [];
      const end = closeOnFailure(model);
      startOver = end;
      for (const { queue, prefetch, onDelivery } of options.subscriptions) {
        const channel = await model.createChannel();
        channels.push(channel);
        channel.on('error', (error) =>
          options.log.error({ err: error, queue }, 'the broker closed a consuming channel'),
        );
        channel.on('close', end);
        if (cancelling) {
          continue;
        }
        await channel.prefetch(prefetch);
        const own: Progress = { deliveries: 0, unacked: 0, deliveriesBefore: 0, isIdle: false };
        progress.set(queue, own);
        const receive = (message: ConsumeMessage | null) => {
          // The broker cancelled the consumer: its queue was deleted or moved. Start over.
          if (message === null) {
            return end();
          }
          own.deliveries++;
          own.unacked++;
          onDelivery({
            body: message.content,
            headers: message.properties.headers ?? {},
            redelivered: message.fields.redelivered,
            ack() {
              own.unacked--;
              try {
                channel.ack(message);
              } catch {
                // amqplib throws when the channel is closed, and also while its connection is being closed.
              }
            },
          });
        };
        const { consumerTag } = await channel.consume(queue, receive);
        cancelAll.push(async () => {
          try {
            await inTime(channel.cancel(consumerTag), CANCEL_WITHIN_MS);
          } catch (error) {
            cut(model, error as Error);
          }
        });
        if (cancelling) {
          await channel.cancel(consumerTag);
        }
      }
    },
  });

  /** Returns whether the broker should deliver something, or does not know this consumer. */
  async function isIdle({ queue, prefetch }: Subscription, calls: Calls): Promise<boolean> {
    let length = { messageCount: 0, consumerCount: 0 };
    const refusal = await calls.refusalOf(async (channel) => {
      length = await channel.checkQueue(queue);
    });
    if (refusal !== undefined) {
      return refusal.code === NOT_FOUND;
    }
    const own = progress.get(queue);
    const hasRoom = own !== undefined && own.deliveries === own.deliveriesBefore && own.unacked < prefetch;
    return length.consumerCount === 0 || (length.messageCount > 0 && hasRoom);
  }

  async function look(): Promise<void> {
    if (cancelling || !connection.isConnected()) {
      return;
    }
    const calls = openCalls(connection.openChannel);
    for (const subscription of options.subscriptions) {
      const own = progress.get(subscription.queue);
      const idle = await isIdle(subscription, calls);
      // It was looked at another time before, unless the connection has been made since.
      if (idle && own?.isIdle === true && !cancelling) {
        options.log.error(
          { queue: subscription.queue },
          'the broker delivers nothing from a queue, and has not said why; consuming it again',
        );
        startOver();
        break;
      }
      if (own !== undefined) {
        own.isIdle = idle;
        own.deliveriesBefore = own.deliveries;
      }
    }
    await calls.close();
  }

  const looking = repeat(LOOK_EVERY_MS, look, (error) =>
    options.log.warn({ err: error }, 'could not look at the queues; trying again'),
  );

  return {
    ...connection,
    async cancel() {
      cancelling = true;
      void looking.stop();
      await Promise.all(cancelAll.map((cancel) => cancel()));
    },
    async close() {
      void looking.stop();
      // The broker answers the close of a channel once it has the acknowledgements sent before it.
      await Promise.all(
        channels.map((channel) => {
          channel.removeAllListeners('close');
          return close(channel);
        }),
      );
      await connection.close();
    },
  };
}
