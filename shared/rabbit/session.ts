import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { close } from './close';
import { openConnection } from './open';
import type { OutgoingMessage } from './publisher';

/** A message taken from its queue. It goes back to its place unless it is acknowledged. */
export interface UnackedMessage {
  readonly body: Buffer;
  readonly headers: Record<string, unknown>;
  /** How often it was delivered before and not acknowledged, as far as the broker counts that. */
  readonly deliveries: number;
  ack(): void;
}

/**
 * A connection for the duration of one command. It declares nothing and does not reconnect: when the broker goes away,
 * the unacked messages are back in their queues and the command fails.
 */
export interface Session {
  /** The next message of a queue, which must exist; undefined when there is none. */
  take(queue: string): Promise<UnackedMessage | undefined>;
  /** Resolves when the broker has confirmed the message and had a queue for it. */
  publish(message: OutgoingMessage): Promise<void>;
  /** Returns the messages that are still unacked to their queues. */
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;

export async function openSession(url: string, name: string): Promise<Session> {
  const connection = await openConnection(url, {
    noDelay: true,
    timeout: TIMEOUT_MS,
    clientProperties: { connection_name: name },
  });
  // The call that breaks reports the error; without a listener the event would end the process.
  connection.on('error', () => {});
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => {});
  const returned = new Set<string>();
  channel.on('return', ({ properties }) => returned.add(properties.messageId));
  let published = 0;

  return {
    async take(queue) {
      const message = await channel.get(queue, { noAck: false });
      if (!message) {
        return undefined;
      }
      const { 'x-delivery-count': deliveries, ...headers } = message.properties.headers ?? {};
      // Like x-delivery-count, this describes the delivery and not the message.
      delete headers['x-acquired-count'];
      return {
        body: message.content,
        headers,
        deliveries: Number(deliveries ?? 0),
        ack: () => channel.ack(message),
      };
    },
    publish(message) {
      const id = String(++published);
      return confirmed(channel, id, message).then(() => {
        if (returned.delete(id)) {
          throw new Error(`there is no queue ${message.routingKey}`);
        }
      });
    },
    close: () => end(connection, channel),
  };
}

function confirmed(channel: ConfirmChannel, messageId: string, message: OutgoingMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the broker did not confirm in time')), TIMEOUT_MS);
    timer.unref();
    const { exchange, routingKey, contentType, headers } = message;
    channel.publish(
      exchange,
      routingKey,
      Buffer.from(message.body),
      { mandatory: true, persistent: true, messageId, contentType, headers },
      (refused) => {
        clearTimeout(timer);
        if (refused) {
          reject(new Error('the broker refused the message', { cause: refused }));
        } else {
          resolve();
        }
      },
    );
  });
}

/** The broker answers the close of a channel after all that was sent on it, so every acknowledgement has arrived. */
async function end(connection: ChannelModel, channel: ConfirmChannel): Promise<void> {
  try {
    channel.nackAll(true);
  } catch {
    // The broker is gone, and has taken back the unacked messages.
  }
  await close(channel);
  await close(connection);
}
