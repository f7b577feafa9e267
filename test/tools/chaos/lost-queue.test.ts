import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openConnection } from '../../../shared/rabbit/open';
import { type Broker, startBroker } from '../../../tools/chaos/rig/broker';
import { freePorts } from '../../../tools/support/free-ports';

let home: string;
let broker: Broker | undefined;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'chandlery-lost-queue-'));
});
afterEach(async () => {
  broker?.kill();
  await rm(home, { recursive: true, maxRetries: 5, retryDelay: 100 });
});

/** If this fails because nothing is lost, RabbitMQ has mended its fault: then the rig and the runbook need not know it. */
test('a queue that RabbitMQ loses in a crash is deleted, and takes messages once it is declared again', async () => {
  const [amqp, management, distribution, epmd] = (await freePorts(4)) as [number, number, number, number];
  const started = await startBroker(home, { amqp, management, distribution, epmd }, () => {});
  broker = started;
  const declare = async (queue: string) => {
    const connection = await openConnection(started.url());
    connection.on('error', () => {});
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => {});
    await channel.assertQueue(queue, { arguments: { 'x-queue-type': 'quorum' } });
    return { connection, channel };
  };

  // RabbitMQ may have stored the name by chance before it is killed.
  let lost: string[] = [];
  for (let attempt = 0; attempt < 10 && lost.length === 0; attempt++) {
    await declare(`new-${attempt}`);
    lost = await started.restart();
  }
  expect(lost).toEqual([expect.stringMatching(/^new-/)]);
  const { connection, channel } = await declare(lost[0] as string);
  channel.sendToQueue(lost[0] as string, Buffer.from('arrives'));
  await channel.waitForConfirms();

  await connection.close();
}, 240_000);
