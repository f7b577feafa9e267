import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openConnection } from '../../../shared/rabbit/open';
import { startBroker } from '../../../tools/chaos/rig/broker';
import { freePorts } from '../../../tools/support/free-ports';

/** If this fails because nothing is lost, RabbitMQ has mended its fault: then the rig and the runbook need not know it. */
test('a queue that RabbitMQ loses in a crash is deleted, and takes messages once it is declared again', async () => {
  const home = await mkdtemp(join(tmpdir(), 'chandlery-lost-queue-'));
  const [amqp, management, distribution, epmd] = (await freePorts(4)) as [number, number, number, number];
  const broker = await startBroker(home, { amqp, management, distribution, epmd }, () => {});
  const declare = async () => {
    const connection = await openConnection(broker.url());
    connection.on('error', () => {});
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => {});
    await channel.assertQueue('new', { arguments: { 'x-queue-type': 'quorum' } });
    return { connection, channel };
  };

  await declare();
  expect(await broker.restart()).toEqual(['new']);
  const { connection, channel } = await declare();
  channel.sendToQueue('new', Buffer.from('arrives'));
  await channel.waitForConfirms();

  await connection.close();
  broker.kill();
  await rm(home, { recursive: true, maxRetries: 5, retryDelay: 100 });
});
