import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { type Consumer, connectConsumer } from '../../shared/rabbit/consumer';
import { createVhost } from '../support/servers';
import { silent } from '../support/silent';
import { until } from '../support/until';

const QUEUE = 'stock.settle';

let url: string;
let consumer: Consumer;
let admin: ChannelModel;
beforeEach(async () => {
  url = await createVhost();
  admin = await connect(url);
});
afterEach(async () => {
  await consumer.cancel();
  await consumer.close();
  await admin.close();
});

/** Consumes a queue, and returns what is delivered. */
async function consume(): Promise<string[]> {
  const received: string[] = [];
  const onDelivery = ({ body, ack }: { body: Buffer; ack(): void }) => {
    received.push(body.toString());
    ack();
  };
  consumer = await connectConsumer({
    url,
    name: 'test',
    log: silent,
    subscriptions: [{ queue: QUEUE, prefetch: 1, onDelivery }],
  });
  await until(async () => consumer.isConnected());
  return received;
}

async function send(text: string): Promise<void> {
  const channel = await admin.createConfirmChannel();
  channel.sendToQueue(QUEUE, Buffer.from(text));
  await channel.waitForConfirms();
  await channel.close();
}

test('consumes a queue again that was deleted', async () => {
  const received = await consume();
  await (await admin.createChannel()).deleteQueue(QUEUE);
  // RabbitMQ nacks a message that comes while its queue is going away, as a publisher has to expect of it.
  await until(() =>
    send('one').then(
      () => received.length > 0,
      () => false,
    ),
  );
});

test('consumes a queue again that nobody consumes, although the broker has not said so', async () => {
  const anyChannel: Channel = Object.getPrototypeOf(await admin.createChannel());
  const consumes = jest
    .spyOn(anyChannel, 'consume')
    // The broker forgets this one, as RabbitMQ 3.10.8 has done.
    .mockResolvedValueOnce({ consumerTag: 'forgotten' } as never);
  const received = await consume();
  await send('one');
  await until(async () => received.length > 0);
  expect(received).toEqual(['one']);
  expect(consumes.mock.calls.length).toBeGreaterThan(1);
  consumes.mockRestore();
});

test('consumes a queue again whose consumer is counted, but gets nothing', async () => {
  const anyChannel: Channel = Object.getPrototypeOf(await admin.createChannel());
  const { consume: reallyConsume } = anyChannel;
  const consumes = jest.spyOn(anyChannel, 'consume').mockImplementationOnce(function (
    this: Channel,
    queue: string,
  ) {
    // Deliveries that do not arrive, as RabbitMQ 3.10.8 has made some.
    return reallyConsume.call(this, queue, () => undefined) as never;
  } as never);
  const received = await consume();
  for (const text of ['one', 'two']) {
    await send(text);
  }
  await until(async () => received.length === 2);
  consumes.mockRestore();
});
