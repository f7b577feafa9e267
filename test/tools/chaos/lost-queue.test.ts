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
  const declare = async () => {
    const connection = await openConnection(started.url());
    connection.on('error', () => {});
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => {});
    await channel.assertQueue('new', { arguments: { 'x-queue-type': 'quorum' } });
    return { connection, channel };
  };

  await declare();
  expect(await started.restart()).toEqual(['new']);
  const { connection, channel } = await declare();
  channel.sendToQueue('new', Buffer.from('arrives'));
  await channel.waitForConfirms();

  await connection.close();
}, 240_000);
