import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { openConnection } from '../../shared/rabbit/open';
import { keepAsking } from '../../shared/service/keep-asking';
import { createTopology } from '../support/bindings';
import { silent } from '../support/silent';
import { until } from '../support/until';

const QUEUE = 'payment.charge';
let amqpUrl: string;
let connection: ChannelModel;
let channel: ConfirmChannel;
beforeAll(async () => {
  amqpUrl = await createTopology();
  connection = await openConnection(amqpUrl);
  channel = await connection.createConfirmChannel();
});
afterAll(() => connection.close());

/** Counts the questions that would be asked, until `isEnough`. Notes for how long the queue had been read each time. */
async function asked(isEnough: (counts: { first: number; again: number[] }) => boolean) {
  const counts = { first: 0, again: [] as number[] };
  const asking = keepAsking({
    amqpUrl,
    question: 'stock.decision_requested',
    log: silent,
    async ask(readingForMs) {
      if (readingForMs === null) {
        counts.first++;
      } else {
        counts.again.push(readingForMs);
      }
      return 0;
    },
    mayAsk: async () => true,
  });
  await until(async () => isEnough(counts));
  await asking.stop();
  return counts;
}

/** Consumes the queue of questions for a while. */
async function reading<T>(work: () => Promise<T>): Promise<T> {
  const { consumerTag } = await channel.consume(QUEUE, () => {}, { noAck: true });
  try {
    return await work();
  } finally {
    await channel.cancel(consumerTag);
  }
}

test('repeats questions while they are read, and says for how long that has been so', async () => {
  const { again } = await reading(() => asked((counts) => counts.again.length === 2));
  expect(again[0]).toBe(0);
  expect(again[1]).toBeGreaterThanOrEqual(5_000);
});

test('repeats nothing while nobody consumes the queue, however short it is', async () => {
  expect((await asked(({ first }) => first >= 8)).again).toEqual([]);
});

test('goes on asking for the first time, but repeats nothing into a queue that nobody reads', async () => {
  // A consumer that hangs.
  await channel.prefetch(4);
  const { consumerTag } = await channel.consume(QUEUE, () => {});
  for (let n = 0; n <= 100; n++) {
    channel.sendToQueue(QUEUE, Buffer.from('[]'));
  }
  await channel.waitForConfirms();
  expect((await asked(({ first }) => first >= 8)).again).toEqual([]);
  await channel.cancel(consumerTag);
  await channel.purgeQueue(QUEUE);
});

test('repeats nothing into a queue that does not exist', async () => {
  await channel.deleteQueue(QUEUE);
  expect((await asked(({ first }) => first >= 8)).again).toEqual([]);
});
