import type { Channel, ConsumeMessage } from 'amqplib';
import type { Logger } from '../observe/log';
import { inTime } from './calls';
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

/** Consumes queues on one connection, each on its own channel, and starts over whenever the connection is lost. */
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

  const connection = await keepConnected({
    ...options,
    async setup(model) {
      cancelAll = [];
      channels = [];
      for (const { queue, prefetch, onDelivery } of options.subscriptions) {
        const channel = await model.createChannel();
        channels.push(channel);
        channel.on('error', (error) =>
          options.log.error({ err: error, queue }, 'the broker closed a consuming channel'),
        );
        const end = closeOnFailure(model);
        channel.on('close', end);
        if (cancelling) {
          continue;
        }
        await channel.prefetch(prefetch);
        const receive = (message: ConsumeMessage | null) => {
          // The broker cancelled the consumer: its queue was deleted or moved. Start over.
          if (message === null) {
            return end();
          }
          onDelivery({
            body: message.content,
            headers: message.properties.headers ?? {},
            redelivered: message.fields.redelivered,
            ack() {
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

  return {
    ...connection,
    async cancel() {
      cancelling = true;
      await Promise.all(cancelAll.map((cancel) => cancel()));
    },
    async close() {
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
