import type { Channel, ConsumeMessage } from 'amqplib';
import type { Logger } from '../observe/log';
import { repeat } from '../service/loop';
import { inTime, NOT_FOUND, openCalls } from './calls';
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
 * The broker tells a consumer that its queue was deleted, but not always: RabbitMQ 3.10.8 deleted a queue just after its
 * restart and said nothing, and nobody consumed the next queue of that name. While a queue has no leader, the broker
 * counts no consumers either. So only what is seen twice counts.
 */
const LOOK_EVERY_MS = 5_000;

/**
 * Consumes queues on one connection, each on its own channel, and starts over whenever the connection is lost, or nobody
 * consumes one of the queues.
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
  /** The queues that nobody consumed at the last look. */
  let unconsumed: string[] = [];

  const connection = await keepConnected({
    ...options,
    async setup(model) {
      cancelAll = [];
      channels = [];
      startOver = closeOnFailure(model);
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

  async function findUnconsumed(): Promise<string[]> {
    const calls = openCalls(connection.openChannel);
    const found: string[] = [];
    for (const { queue } of options.subscriptions) {
      let consumers = 0;
      const refusal = await calls.refusalOf(async (channel) => {
        consumers = (await channel.checkQueue(queue)).consumerCount;
      });
      if (consumers === 0 && (refusal === undefined || refusal.code === NOT_FOUND)) {
        found.push(queue);
      }
    }
    await calls.close();
    return found;
  }

  async function look(): Promise<void> {
    const before = unconsumed;
    unconsumed = [];
    if (cancelling || !connection.isConnected()) {
      return;
    }
    const found = await findUnconsumed();
    const queue = found.find((name) => before.includes(name));
    if (queue === undefined) {
      unconsumed = found;
    } else if (!cancelling) {
      options.log.error(
        { queue },
        'nobody consumes a queue, and the broker has not said why; consuming it again',
      );
      startOver();
    }
  }

  const looking = repeat(LOOK_EVERY_MS, look, (error) =>
    options.log.warn({ err: error }, 'could not see who consumes the queues; trying again'),
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
