import type { Channel, ChannelModel } from 'amqplib';
import type { BroadcastName } from '../contract/broadcasts';
import type { Logger } from '../observe/log';
import { repeat } from '../service/loop';
import { closeOnFailure, keepConnected, type RabbitConnection } from './connection';
import type { Topology } from './open-topology';

/** If the exchange was deleted and declared again, the queue is no longer bound to it, and nothing says so. */
const BIND_EVERY_MS = 10_000;

/**
 * Sends broadcasts to every other replica that hears them. A broadcast may be lost: it is neither confirmed nor stored on
 * disk, and its queue is deleted with its replica. Receivers must have another way to find out.
 */
export interface Broadcast extends RabbitConnection {
  /** Never fails: a replica that misses it finds out in another way. */
  send(body: string): void;
}

/** A replica that hears, and may send as well, receives on a queue of its own. */
export async function connectBroadcast(options: {
  url: string;
  name: string;
  log: Logger;
  topology?: Topology;
  exchange: BroadcastName;
  /** Without it, this replica only sends. */
  onReceived?(body: string): void;
}): Promise<Broadcast> {
  const { onReceived } = options;
  let channel: Channel | undefined;
  let queue = '';
  const connection = await keepConnected({
    ...options,
    async setup(model) {
      const opened = await model.createChannel();
      opened.on('error', (error) =>
        options.log.error({ err: error }, 'the broker closed the broadcast channel'),
      );
      opened.on('close', () => {
        channel = undefined;
      });
      opened.on('close', closeOnFailure(model));
      if (onReceived !== undefined) {
        await listen(opened, model, onReceived);
      }
      channel = opened;
    },
  });

  async function listen(
    opened: Channel,
    model: ChannelModel,
    receive: (body: string) => void,
  ): Promise<void> {
    const declared = await opened.assertQueue('', {
      exclusive: true,
      autoDelete: true,
      arguments: { 'x-max-length': 1_000, 'x-message-ttl': 30_000 },
    });
    queue = declared.queue;
    await opened.bindQueue(queue, options.exchange, '');
    await opened.consume(
      queue,
      // The exchange also sends this replica its own broadcasts.
      (message) => {
        // The broker cancelled the consumer: its queue was deleted. Start over.
        if (message === null) {
          return closeOnFailure(model)();
        }
        if (message.properties.replyTo !== queue) {
          receive(message.content.toString());
        }
      },
      { noAck: true },
    );
  }

  const binding = repeat(
    BIND_EVERY_MS,
    async () => queue !== '' && channel?.bindQueue(queue, options.exchange, ''),
    (error) => options.log.debug({ err: error }, 'could not bind the queue of the broadcasts; trying again'),
  );
  return {
    ...connection,
    async close() {
      await binding.stop();
      await connection.close();
    },
    send(body) {
      // A broker that accepts nothing right now would have it kept in memory, with all that follows.
      if (!connection.isConnected()) {
        return;
      }
      try {
        channel?.publish(options.exchange, '', Buffer.from(body), { replyTo: queue, expiration: 30_000 });
      } catch (error) {
        options.log.debug({ err: error }, 'could not send a broadcast; the other replicas will poll instead');
      }
    },
  };
}
