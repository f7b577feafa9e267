import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel, ChannelModel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import { BATCH_CONTENT_TYPE } from '../../../shared/contract/cloudevents';
import { eventTypes, queues, serviceOf } from '../../../shared/contract/events';
import type { Logger } from '../../../shared/observe/log';
import { keepConnected } from '../../../shared/rabbit/connection';
import { deadLetterQueueOf, exchangeOf } from '../../../shared/rabbit/topology';

/** A message as it went by. */
export interface Copy {
  exchange: string;
  routingKey: string;
  body: Buffer;
}

/** Those that went by last, and a sample of all that ever did. */
const LAST = 50;
const SAMPLE = 500;
const CONFIRM_WITHIN_MS = 5_000;
/** How long a broker that is away is waited for. */
const BACK_WITHIN_MS = 20_000;

/** Listens to every message of the saga beside those whom it concerns, and repeats, delays and forges some. */
export class Messages {
  readonly last: Copy[] = [];
  readonly sample: Copy[] = [];
  private seen = 0;
  private model: ChannelModel | undefined;
  private channel: ConfirmChannel | undefined;
  private close_: () => Promise<void> = async () => {};

  static async open(url: string, log: Logger): Promise<Messages> {
    const messages = new Messages();
    const setup = (model: ChannelModel) => messages.setUp(model);
    const connection = await keepConnected({ url, name: 'chaos', log, setup });
    messages.close_ = connection.close;
    return messages;
  }

  /** Resolves when the broker has them all. */
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
   * Takes messages off a queue beside its consumers for a while, and puts them back in another order. They are
   * acknowledged only when they are back, so that none can get lost here.
   */
  async reorder(queue: string, forMs: number, order: (copies: Copy[]) => Copy[]): Promise<number> {
    const channel = await this.openChannel();
    const taken: ConsumeMessage[] = [];
    await channel.prefetch(20);
    const { consumerTag } = await channel.consume(queue, (message) => message && taken.push(message));
    await sleep(forMs);
    // Or else what is put back would come here again, and be acknowledged for good.
    await channel.cancel(consumerTag);
    await this.publish(order(taken.map(({ content: body }) => ({ exchange: '', routingKey: queue, body }))));
    for (const message of taken) {
      channel.ack(message);
    }
    await channel.close();
    return taken.length;
  }

  /** Empties the dead-letter queues; answers what was in them. */
  async drainDeadLetters(): Promise<{ queue: string; body: string; error: string }[]> {
    const channel = await this.openChannel();
    const letters: { queue: string; body: string; error: string }[] = [];
    for (const queue of queues) {
      for (;;) {
        const message = await channel.get(deadLetterQueueOf(queue), { noAck: true });
        if (!message) {
          break;
        }
        const headers = message.properties.headers ?? {};
        const error = String(headers['x-error'] ?? JSON.stringify(headers['x-death'] ?? 'no reason given'));
        letters.push({ queue, body: message.content.toString(), error });
      }
    }
    await channel.close();
    return letters;
  }

  close(): Promise<void> {
    return this.close_();
  }

  private async openChannel(): Promise<Channel> {
    const { model } = await this.connected();
    const channel = await model.createChannel();
    channel.on('error', () => {});
    return channel;
  }

  private async connected(): Promise<{ model: ChannelModel; channel: ConfirmChannel }> {
    for (const end = Date.now() + BACK_WITHIN_MS; Date.now() < end; await sleep(100)) {
      const { model, channel } = this;
      if (model && channel) {
        return { model, channel };
      }
    }
    throw new Error('the broker was away');
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
    for (const type of eventTypes) {
      await channel.bindQueue(queue, exchangeOf(serviceOf(type)), type);
    }
    await channel.consume(queue, (message) => message && this.remember(message), { noAck: true });
    this.model = model;
    this.channel = channel;
  }

  private remember({ fields, content }: ConsumeMessage): void {
    const copy = { exchange: fields.exchange, routingKey: fields.routingKey, body: content };
    this.last.push(copy);
    if (this.last.length > LAST) {
      this.last.shift();
    }
    // Reservoir sampling: however long the run, each message has had the same chance to be here.
    const place = Math.floor(Math.random() * ++this.seen);
    if (this.sample.length < SAMPLE) {
      this.sample.push(copy);
    } else if (place < SAMPLE) {
      this.sample[place] = copy;
    }
  }
}
