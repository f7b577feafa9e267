import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openConnection } from '../../../shared/rabbit/open';
import { type Broker, startBroker } from '../../../tools/chaos/rig/broker';

let home: string;
let broker: Broker | undefined;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'chandlery-lost-queue-'));
});
afterEach(async () => {
  broker?.kill();
  await rm(home, { recursive: true, maxRetries: 5, retryDelay: 100 });
});

/** RabbitMQ stores where a queue keeps its messages seconds after the queue is declared: it loses what is killed before. */
test('a queue that RabbitMQ has lost is deleted, no other is, and it takes messages once it is declared again', async () => {
  broker = await startBroker(home, 1, () => {});
  const { url, dataFolder } = broker;
  const stored = join(dataFolder, 'chandlery-1@localhost/quorum/chandlery-1@localhost/names.dets');
  const declare = async (queue: string, type = 'quorum') => {
    const connection = await openConnection(url());
    connection.on('error', () => {});
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => {});
    await channel.assertQueue(queue, { arguments: { 'x-queue-type': type } });
    return { connection, channel };
  };

  await declare('reliable');
  await declare('other', 'classic');
  while (!readFileSync(stored).includes('reliable')) {
    await sleep(100);
  }
  expect(await broker.restart()).toEqual([]);
  expect(await broker.restart(() => rmSync(stored))).toEqual(['reliable']);

  const { connection, channel } = await declare('reliable');
  await channel.checkQueue('other');
  channel.sendToQueue('reliable', Buffer.from('arrives'));
  await channel.waitForConfirms();
  await connection.close();
}, 180_000);
