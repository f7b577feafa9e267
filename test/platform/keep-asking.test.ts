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

/** Counts the questions that would be asked, until `isEnough`. */
async function asked(isEnough: (counts: { first: number; again: number }) => boolean) {
  const counts = { first: 0, again: 0 };
  const asking = keepAsking({
    amqpUrl,
    question: 'stock.decision_requested',
    log: silent,
    async ask(again) {
      counts[again ? 'again' : 'first']++;
      return 0;
    },
    mayAsk: async () => true,
  });
  await until(async () => isEnough(counts));
  await asking.stop();
  return counts;
}

test('repeats questions when those that were asked before have been read', async () => {
  expect((await asked(({ again }) => again > 0)).again).toBe(1);
}, 60_000);

test('goes on asking for the first time, but repeats nothing into a queue that nobody reads', async () => {
  for (let n = 0; n <= 100; n++) {
    channel.sendToQueue(QUEUE, Buffer.from('[]'));
  }
  await channel.waitForConfirms();
  expect((await asked(({ first }) => first >= 8)).again).toBe(0);
  await channel.purgeQueue(QUEUE);
}, 60_000);

test('repeats nothing into a queue that does not exist', async () => {
  await channel.deleteQueue(QUEUE);
  expect((await asked(({ first }) => first >= 8)).again).toBe(0);
}, 60_000);
