import { setTimeout as sleep } from 'node:timers/promises';
import { type Channel, type ChannelModel, connect, type GetMessage } from 'amqplib';
import { queues, type SagaEvent } from '../../../shared/contract/events';
import { openDeadLetters } from '../../../shared/inbox/dead-letters';
import { connectPublisher, type Publisher } from '../../../shared/rabbit/publisher';
import { deadLetterQueueOf } from '../../../shared/rabbit/topology';
import { type ParticipantName, participantNames, perParticipantAsync } from '../../../shared/services';
import type { ShopConnections } from '../../../tools/operate/connections';
import { databaseVariables } from '../../../tools/support/addresses';
import { openDatabases } from '../../../tools/support/databases';
import { query } from '../../support/books';
import { type Ended, runProgram } from '../../support/run-program';
import { createDatabases, createVhost } from '../../support/servers';
import { silent } from '../../support/silent';
import { until } from '../../support/until';

/** The addresses of a shop. */
export type Addresses = Record<ParticipantName, string> & { amqp: string };

/** Three databases and a broker without any service, so that a dead letter stays where a test puts it. */
export class DeadLetterFixture {
  private constructor(
    readonly addresses: Addresses,
    readonly shop: ShopConnections & { databases: { close(): Promise<void> } },
    private readonly publisher: Publisher,
    private readonly connection: ChannelModel,
    readonly channel: Channel,
  ) {}

  static async open(): Promise<DeadLetterFixture> {
    const [databases, amqp] = await Promise.all([createDatabases(), createVhost()]);
    const addresses = { ...databases, amqp };
    const publisher = await connectPublisher({ url: amqp, name: 'parks', log: silent });
    await until(() => publisher.isConnected());
    const connection = await connect(amqp);
    const channel = await connection.createChannel();
    const shop = { databases: openDatabases('test', addresses, silent), amqpUrl: amqp };
    return new DeadLetterFixture(addresses, shop, publisher, connection, channel);
  }

  /** Parks a message as a step that cannot handle it does. */
  park(
    queue: string,
    body: string | Buffer,
    error: unknown = new Error('the printer is on fire'),
  ): Promise<void> {
    return openDeadLetters(this.publisher).park(queue, body, error);
  }

  parkEvent(queue: string, event: SagaEvent, error?: unknown): Promise<void> {
    return this.park(queue, JSON.stringify([{ specversion: '1.0', ...event }]), error);
  }

  /** Waits until a queue has this many messages: the broker takes a moment to count returned ones. */
  async expectLength(queue: string, expected: number): Promise<void> {
    let found = -1;
    for (const end = Date.now() + 5_000; found !== expected && Date.now() < end; await sleep(20)) {
      found = (await this.channel.checkQueue(queue)).messageCount;
    }
    expect({ queue, messages: found }).toEqual({ queue, messages: expected });
  }

  /** Waits for the next message of a queue and leaves it unacked. */
  async take(queue: string): Promise<GetMessage> {
    for (const end = Date.now() + 5_000; Date.now() < end; await sleep(20)) {
      const message = await this.channel.get(queue);
      if (message) {
        return message;
      }
    }
    throw new Error(`nothing came to ${queue}`);
  }

  /** Takes the next message of a queue, if there is one, and loses its channel, as a process does that is killed. */
  async takeAndVanish(queue: string): Promise<void> {
    const channel = await this.connection.createChannel();
    await channel.get(queue);
    await channel.close();
  }

  /** The recorded actions of all three databases. */
  async actions(): Promise<Record<string, unknown>[]> {
    const rows = await perParticipantAsync((name) =>
      query(this.addresses[name], 'SELECT * FROM operator_actions ORDER BY id'),
    );
    return Object.values(rows).flat() as Record<string, unknown>[];
  }

  async clear(): Promise<void> {
    for (const queue of queues) {
      await this.channel.purgeQueue(queue);
      await this.channel.purgeQueue(deadLetterQueueOf(queue));
    }
    for (const url of participantNames.map((name) => this.addresses[name])) {
      await query(url, 'ALTER TABLE operator_actions DISABLE TRIGGER ALL');
      await query(url, 'TRUNCATE operator_actions');
      await query(url, 'ALTER TABLE operator_actions ENABLE TRIGGER ALL');
    }
  }

  async close(): Promise<void> {
    await this.connection.close();
    await this.publisher.close();
    await this.shop.databases.close();
  }
}

/** Runs a command as `npm run` does, against the shop at these addresses. */
export function command(
  name: 'deadletters' | 'restocks' | 'sagas',
  addresses: Addresses,
  ...args: string[]
): Promise<Ended> {
  const env = { PATH: process.env.PATH, ...databaseVariables(addresses), AMQP_URL: addresses.amqp };
  return runProgram(`dist/tools/operate/${name}-command.js`, args, env);
}
