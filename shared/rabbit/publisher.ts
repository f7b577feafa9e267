import type { ConfirmChannel } from 'amqplib';
import type { Logger } from '../observe/log';
import { closeOnFailure, keepConnected } from './connection';
import type { Topology } from './open-topology';

/** One message, routed by `exchange` and `routingKey`. */
export interface OutgoingMessage {
  exchange: string;
  routingKey: string;
  body: string | Buffer;
  contentType: string;
  headers?: Record<string, unknown>;
}

export interface Publisher {
  /**
   * Resolves when the broker has confirmed the message and had a queue for it. Rejects when the broker is not
   * connected, does not confirm in time, refuses the message or cannot route it. It may have the message even so.
   */
  publish(message: OutgoingMessage): Promise<void>;
  isConnected(): boolean;
  close(): Promise<void>;
}

/**
 * The protocol has no timeout for confirms. A late confirm closes the connection: all other unconfirmed messages are
 * published again over a new connection, and a stuck queue cannot use up MAX_UNCONFIRMED.
 */
const CONFIRM_TIMEOUT_MS = 10_000;
/** The most unconfirmed messages at a time. Beyond it `publish` rejects, and the outbox keeps the rest. */
const MAX_UNCONFIRMED = 500;

interface Unconfirmed {
  resolve(): void;
  reject(error: Error): void;
}

export async function connectPublisher(options: {
  url: string;
  name: string;
  log: Logger;
  topology?: Topology;
}): Promise<Publisher> {
  let channel: ConfirmChannel | undefined;
  let end = () => {};
  let sequence = 0;
  const unconfirmed = new Map<string, Unconfirmed>();
  const rejectAll = (reason: string) => {
    for (const message of unconfirmed.values()) {
      message.reject(new Error(reason));
    }
  };

  const connection = await keepConnected({
    ...options,
    async setup(model) {
      const opened = await model.createConfirmChannel();
      opened.on('error', (error) =>
        options.log.error({ err: error }, 'the broker closed the publishing channel'),
      );
      opened.on('close', () => {
        channel = undefined;
        rejectAll('lost the broker connection before the message was confirmed');
      });
      opened.on('close', closeOnFailure(model));
      // The broker returns an unroutable message and then confirms it; that confirm means nothing.
      opened.on('return', ({ fields, properties }) => {
        const { exchange, routingKey } = fields as unknown as { exchange: string; routingKey: string };
        unconfirmed
          .get(properties.messageId)
          ?.reject(new Error(`no queue is bound to ${exchange} for ${routingKey}`));
      });
      channel = opened;
      end = closeOnFailure(model);
    },
  });

  return {
    isConnected: connection.isConnected,
    close: connection.close,
    publish(message) {
      if (!channel || !connection.isConnected()) {
        return Promise.reject(new Error('the broker is not connected, or accepts no messages right now'));
      }
      if (unconfirmed.size >= MAX_UNCONFIRMED) {
        return Promise.reject(new Error('too many messages are unconfirmed'));
      }
      const id = String(++sequence);
      const confirmed = new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          rejectAll('the broker did not confirm in time');
          end();
        }, CONFIRM_TIMEOUT_MS);
        const settle = (then: () => void) => {
          clearTimeout(timer);
          unconfirmed.delete(id);
          then();
        };
        unconfirmed.set(id, {
          resolve: () => settle(resolve),
          reject: (error) => settle(() => reject(error)),
        });
      });
      try {
        channel.publish(
          message.exchange,
          message.routingKey,
          typeof message.body === 'string' ? Buffer.from(message.body) : message.body,
          {
            mandatory: true,
            persistent: true,
            messageId: id,
            contentType: message.contentType,
            headers: message.headers,
          },
          (refused) => {
            const waiting = unconfirmed.get(id);
            if (refused) {
              waiting?.reject(new Error('the broker refused the message', { cause: refused }));
            } else {
              waiting?.resolve();
            }
          },
        );
      } catch (error) {
        // A closing channel throws at once.
        unconfirmed.get(id)?.reject(error as Error);
      }
      return confirmed;
    },
  };
}
