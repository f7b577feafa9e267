import type { Channel } from 'amqplib';
import type { BroadcastName } from '../contract/broadcasts';
import type { Logger } from '../observe/log';
import { closeOnFailure, keepConnected, type RabbitConnection } from './connection';
import type { TopologyMode } from './topology';

/**
 * Tells every other replica of a service something that it may miss: no confirm, no disk, and a queue that goes with
 * its replica. Whoever relies on it must be able to find out by itself.
 */
export interface Broadcast extends RabbitConnection {
  /** Never fails: what is not told is found out. */
  tell(body: string): void;
}

export async function connectBroadcast(options: {
  url: string;
  name: string;
  log: Logger;
  topology?: TopologyMode;
  exchange: BroadcastName;
  onTold(body: string): void;
}): Promise<Broadcast> {
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
      const declared = await opened.assertQueue('', {
        exclusive: true,
        autoDelete: true,
        arguments: { 'x-max-length': 1_000, 'x-message-ttl': 30_000 },
      });
      queue = declared.queue;
      await opened.bindQueue(queue, options.exchange, '');
      await opened.consume(
        queue,
        // What this replica told the others, it knows.
        (message) =>
          message && message.properties.replyTo !== queue && options.onTold(message.content.toString()),
        { noAck: true },
      );
      channel = opened;
    },
  });
  return {
    ...connection,
    tell(body) {
      try {
        channel?.publish(options.exchange, '', Buffer.from(body), { replyTo: queue, expiration: 30_000 });
      } catch (error) {
        options.log.debug({ err: error }, 'the other replicas were not told, and will find out');
      }
    },
  };
}
