import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { Pool } from 'pg';
import { BATCH_CONTENT_TYPE, encodeBatch } from '../../shared/contract/cloudevents';
import type { SagaEvent } from '../../shared/contract/events';
import { Caution } from '../../shared/inbox/caution';
import { openDeadLetters } from '../../shared/inbox/dead-letters';
import { type Inbox, openInbox } from '../../shared/inbox/inbox';
import type { Step } from '../../shared/inbox/step';
import { type Outbox, openOutbox } from '../../shared/outbox/outbox';
import { type Database, openDatabase } from '../../shared/postgres/database';
import { connectConsumer } from '../../shared/rabbit/consumer';
import { openTopology } from '../../shared/rabbit/open-topology';
import { connectPublisher, type Publisher } from '../../shared/rabbit/publisher';
import { deadLetterQueueOf } from '../../shared/rabbit/topology';
import type { CheckoutName } from '../../shared/services';
import { closeConnections, createDatabase, createVhost } from './servers';
import { silent } from './silent';
import { until } from './until';

/** The part of a replica that handles messages: what `shared/service/run-participant.ts` puts together, without HTTP. */
export interface Replica {
  readonly database: Database;
  readonly publisher: Publisher;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  /** Stops in the order in which a service does. */
  stop(): Promise<void>;
}

export interface Message {
  body: string;
  headers: Record<string, unknown>;
}

export interface WireEvent {
  type: string;
  traceparent: string;
  data: { saga_id: string };
}

/** A virtual host and a database for a test file, and the test's own connections to both, which no replica uses. */
export class Wire {
  private readonly replicas: Replica[] = [];

  private connection!: ChannelModel;
  channel!: ConfirmChannel;

  private constructor(
    readonly amqp: string,
    readonly url: string,
    private readonly pool: Pool,
  ) {}

  static async open(service: CheckoutName): Promise<Wire> {
    const [amqp, url] = await Promise.all([createVhost(), createDatabase(service)]);
    const wire = new Wire(amqp, url, new Pool({ connectionString: url, max: 4 }));
    await wire.connect();
    await openTopology({ mode: 'declare', log: silent }).ensure(() => wire.connection.createChannel());
    return wire;
  }

  private async connect(): Promise<void> {
    this.connection = await connect(this.amqp);
    this.connection.on('error', () => {});
    this.channel = await this.connection.createConfirmChannel();
    this.channel.on('error', () => {});
  }

  /** Cuts every connection to the broker, as its administrator can. */
  async cut(): Promise<void> {
    await closeConnections(this.amqp);
    await this.connect();
  }

  /** @param step whose queue the replica consumes, if given; @param wrap goes between the replica and its database */
  async replica(step?: Step, wrap: (database: Database) => Database = (same) => same): Promise<Replica> {
    const pool = openDatabase({ name: 'test', url: this.url, poolSize: 4, log: silent, lockTimeoutMs: 500 });
    const database = wrap(pool);
    const publisher = await connectPublisher({ url: this.amqp, name: 'test publishes', log: silent });
    const outbox = openOutbox({ database: pool, publisher, log: silent });
    const inbox = openInbox({
      step: step ?? {
        queue: 'stock.reserve',
        run: async () => ({ emit: [], duplicates: 0 }),
        findBlocked: async () => new Map(),
        lockedRows: {},
      },
      caution: new Caution(),
      ...{ database, outbox, deadLetters: openDeadLetters(publisher), log: silent },
      ...{ batchSize: 256, batchesInFlight: 2 },
    });
    const subscriptions = step ? [{ queue: step.queue, prefetch: 50, onDelivery: inbox.onDelivery }] : [];
    const consumer = await connectConsumer({
      ...{ url: this.amqp, name: 'test consumes', log: silent, subscriptions },
    });
    await until(() => publisher.isConnected() && consumer.isConnected());
    let stopped = false;
    const replica: Replica = {
      ...{ database, publisher, outbox, inbox },
      async stop() {
        if (stopped) {
          return;
        }
        stopped = true;
        await consumer.cancel();
        await inbox.close();
        await consumer.close();
        await outbox.close();
        await publisher.close();
        await pool.close();
      },
    };
    this.replicas.push(replica);
    return replica;
  }

  /** Puts a message into a queue, as the broker would; resolves when the broker has it. */
  async send(queue: string, message: readonly SagaEvent[] | string): Promise<void> {
    const body = typeof message === 'string' ? message : encodeBatch(message, new Date().toISOString());
    this.channel.sendToQueue(queue, Buffer.from(body), { persistent: true, contentType: BATCH_CONTENT_TYPE });
    await this.channel.waitForConfirms();
  }

  /** Takes every message off a queue. */
  async take(queue: string): Promise<Message[]> {
    const taken: Message[] = [];
    for (;;) {
      const message = await this.channel.get(queue, { noAck: true });
      if (message === false) {
        return taken;
      }
      taken.push({ body: message.content.toString(), headers: message.properties.headers ?? {} });
    }
  }

  /** Waits until a queue has received this many events, and takes them. */
  async events(queue: string, atLeast: number): Promise<WireEvent[]> {
    const received: WireEvent[] = [];
    const take = async () => (await this.take(queue)).flatMap(({ body }): WireEvent[] => JSON.parse(body));
    await until(async () => received.push(...(await take())) >= atLeast);
    return received;
  }

  /** Waits until this many messages are parked, and takes them. */
  async parked(queue: string, count: number): Promise<Message[]> {
    const parked: Message[] = [];
    await until(async () => parked.push(...(await this.take(deadLetterQueueOf(queue)))) >= count);
    return parked;
  }

  async isEmpty(queue: string): Promise<boolean> {
    return (await this.channel.checkQueue(queue)).messageCount === 0;
  }

  async query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.pool.query(text, values)).rows;
  }

  /** Makes the rows in the outbox old enough for a poller to take, as if time had passed. */
  async age(): Promise<void> {
    await this.query(`UPDATE outbox SET tried_at = now() - interval '1 hour'`);
  }

  async outboxSize(): Promise<number> {
    return (await this.query('SELECT FROM outbox')).length;
  }

  async stopReplicas(): Promise<void> {
    await Promise.all(this.replicas.splice(0).map((replica) => replica.stop()));
  }

  /** Stops the replicas, and empties queues and tables. Call it after each test. */
  async reset(tables: string): Promise<void> {
    await this.stopReplicas();
    for (const queue of ['stock.reserve', 'stock.settle', 'payment.charge', 'order.settle']) {
      await this.channel.purgeQueue(queue);
      await this.channel.purgeQueue(deadLetterQueueOf(queue));
    }
    await this.query(`TRUNCATE ${tables} RESTART IDENTITY`);
  }

  async close(): Promise<void> {
    await this.connection.close();
    await this.pool.end();
  }
}
