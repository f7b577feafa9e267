import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';
import { type EventType, serviceOf } from '../../shared/contract/events';
import { openConnection } from '../../shared/rabbit/open';
import { openTopology } from '../../shared/rabbit/open-topology';
import { exchangeOf } from '../../shared/rabbit/topology';
import { createVhost } from './servers';
import { silent } from './silent';

/**
 * Creates a virtual host with all exchanges, queues and bindings, and returns its address. Services that only check them
 * (TOPOLOGY=check) leave a binding alone that a test has taken away.
 */
export async function createTopology(): Promise<string> {
  const amqpUrl = await createVhost();
  await withConnection(amqpUrl, (connection) =>
    openTopology({ mode: 'declare', log: silent }).ensure(() => connection.createChannel()),
  );
  return amqpUrl;
}

/** Loses an event on its way to a queue while `work` runs: it reaches a queue, as its publisher expects, but another. */
export function losing<T>(
  amqpUrl: string,
  queue: string,
  event: EventType,
  work: () => Promise<T>,
): Promise<T> {
  return withConnection(amqpUrl, async (connection) => {
    const exchange = exchangeOf(serviceOf(event));
    const channel = await connection.createChannel();
    const { queue: sink } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(sink, exchange, event);
    await channel.unbindQueue(queue, exchange, event);
    const result = await work();
    await channel.bindQueue(queue, exchange, event);
    return result;
  });
}

/** Deletes the messages of a queue, as soon as there are any. */
export function purge(amqpUrl: string, queue: string): Promise<void> {
  return withConnection(amqpUrl, async (connection) => {
    const channel = await connection.createChannel();
    while ((await channel.purgeQueue(queue)).messageCount === 0) {
      await sleep(20);
    }
  });
}

async function withConnection<T>(
  amqpUrl: string,
  work: (connection: ChannelModel) => Promise<T>,
): Promise<T> {
  const connection = await openConnection(amqpUrl);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}
