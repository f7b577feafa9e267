import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel, ChannelModel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import { BATCH_CONTENT_TYPE } from '../../../shared/contract/cloudevents';
import { queues } from '../../../shared/contract/events';
import type { Logger } from '../../../shared/observe/log';
import { close } from '../../../shared/rabbit/close';
import { keepConnected } from '../../../shared/rabbit/connection';
import { openTopology } from '../../../shared/rabbit/open-topology';
import { bindings, DEAD_LETTERS, deadLetterQueueOf } from '../../../shared/rabbit/topology';

/** A copy of a published message. */
export interface Copy {
  exchange: string;
  routingKey: string;
  body: Buffer;
}

/** A parked message. */
export interface DeadLetter {
  /** The queue that it was parked from. */
  queue: string;
  body: string;
  error: string;
}

/** How many copies are kept: of the latest messages, and in a sample of all messages so far. */
const MAX_LATEST = 50;
const MAX_SAMPLE = 500;
const CONFIRM_WITHIN_MS = 5_000;
/** How long to wait for a broker that is unreachable. */
const CONNECTED_WITHIN_MS = 20_000;

/** Copies every message of the saga from the exchanges, and can repeat, reorder and forge messages. */
export class Messages {
  readonly latest: Copy[] = [];
  readonly sample: Copy[] = [];
  private seen = 0;
  private model: ChannelModel | undefined;
  private channel: ConfirmChannel | undefined;
  private closeConnection: () => Promise<void> = async () => {};

  static async open(url: string, log: Logger): Promise<Messages> {
    const messages = new Messages();
    const setup = (model: ChannelModel) => messages.setUp(model);
    // It declares nothing: what is missing, the shop must put right by itself.
    const topology = openTopology({ mode: 'check', log });
    const connection = await keepConnected({ url, name: 'chaos', log, topology, setup });
    messages.closeConnection = connection.close;
    return messages;
  }

  /** Resolves when the broker has confirmed all of them. Throws when it has not within 5 s. */
  async publish(copies: readonly Copy[]): Promise<void> {
    const { channel } = await this.connected();
    const options = { persistent: true, contentType: BATCH_CONTENT_TYPE };
    const confirmed = copies.map(
      ({ exchange, routingKey, body }) =>
        new Promise<void>((resolve, reject) => {
          setTimeout(() => reject(new Error('the broker did not confirm')), CONFIRM_WITHIN_MS).unref();
          channel.publish(exchange, routingKey, body, options, (error) =>
            error ? reject(error) : resolve(),
          );
        }),
    );
    await Promise.all(confirmed);
  }

  /**
   * Consumes from a queue for a while, as a competing consumer, and puts the messages back in another order. They are
   * acknowledged only after they are back, so none can get lost here.
   * @returns how many messages were reordered
   */
  async reorder(queue: string, forMs: number, order: (copies: Copy[]) => Copy[]): Promise<number> {
    const channel = await this.openChannel();
    const taken: ConsumeMessage[] = [];
    await channel.prefetch(20);
    const { consumerTag } = await channel.consume(queue, (message) => message && taken.push(message));
    await sleep(forMs);
    // Otherwise the messages that are put back could be delivered here again, be acknowledged, and get lost.
    await channel.cancel(consumerTag);
    await this.publish(order(taken.map(({ content: body }) => ({ exchange: '', routingKey: queue, body }))));
    for (const message of taken) {
      channel.ack(message);
    }
    await close(channel);
    return taken.length;
  }

  /** Consumes from a queue for a while, as a stranger who throws away what it gets. */
  async steal(queue: string, forMs: number, onFirst: () => void): Promise<void> {
    const channel = await this.openChannel();
    const { consumerTag } = await channel.consume(queue, (message) => {
      if (message) {
        onFirst();
        channel.ack(message);
      }
    });
    await sleep(forMs);
    await channel.cancel(consumerTag);
    await close(channel);
  }

  /**
   * Empties the dead-letter queues. A message leaves the broker only after `take` has it, so that none is lost when the
   * broker goes away meanwhile; one can be taken twice then.
   */
  async drainDeadLetters(take: (letter: DeadLetter) => void): Promise<void> {
    const channel = await this.openChannel();
    for (const queue of queues) {
      for (;;) {
        const message = await channel.get(deadLetterQueueOf(queue));
        if (!message) {
          break;
        }
        const headers = message.properties.headers ?? {};
        const error = String(headers['x-error'] ?? JSON.stringify(headers['x-death'] ?? 'no reason given'));
        take({ queue, body: message.content.toString(), error });
        channel.ack(message);
      }
    }
    await close(channel);
  }

  close(): Promise<void> {
    return this.closeConnection();
  }

  private async openChannel(): Promise<Channel> {
    const { model } = await this.connected();
    const channel = await model.createChannel();
    channel.on('error', () => {});
    return channel;
  }

  private async connected(): Promise<{ model: ChannelModel; channel: ConfirmChannel }> {
    for (const end = Date.now() + CONNECTED_WITHIN_MS; Date.now() < end; await sleep(100)) {
      const { model, channel } = this;
      if (model && channel) {
        return { model, channel };
      }
    }
    throw new Error('the broker was unreachable');
  }

  private async setUp(model: ChannelModel): Promise<void> {
    model.on('close', () => {
      this.model = undefined;
      this.channel = undefined;
    });
    const channel = await model.createConfirmChannel();
    channel.on('error', () => {});
    const { queue } = await channel.assertQueue('', {
      exclusive: true,
      autoDelete: true,
      arguments: { 'x-max-length': 1_000 },
    });
    for (const { exchange, key } of bindings.filter(({ exchange }) => exchange !== DEAD_LETTERS)) {
      await channel.bindQueue(queue, exchange, key);
    }
    await channel.consume(queue, (message) => message && this.remember(message), { noAck: true });
    this.model = model;
    this.channel = channel;
  }

  private remember({ fields, content }: ConsumeMessage): void {
    const copy = { exchange: fields.exchange, routingKey: fields.routingKey, body: content };
    this.latest.push(copy);
    if (this.latest.length > MAX_LATEST) {
      this.latest.shift();
    }
    // Reservoir sampling: however long the run, each message has the same chance to be in the sample.
    const index = Math.floor(Math.random() * ++this.seen);
    if (this.sample.length < MAX_SAMPLE) {
      this.sample.push(copy);
    } else if (index < MAX_SAMPLE) {
      this.sample[index] = copy;
    }
  }
}
