import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceConfig } from './config';
import { createInternalServer } from './http/internal';
import { startKeyCleaner } from './http/key-cleaner';
import type { Route } from './http/route';
import { createHttpServer } from './http/server';
import { openDeadLetters } from './inbox/dead-letters';
import { openInbox } from './inbox/inbox';
import type { Step } from './inbox/step';
import { createLogger, type Logger } from './observe/log';
import { startTracing } from './observe/trace';
import { type Outbox, openOutbox } from './outbox/outbox';
import { type Database, openDatabase } from './postgres/database';
import { connectConsumer } from './rabbit/consumer';
import { connectPublisher } from './rabbit/publisher';

/** What a service is made from. */
export interface Core {
  database: Database;
  outbox: Outbox;
  log: Logger;
}

/** What makes a service this service. */
export interface Parts {
  routes: readonly Route[];
  steps: readonly Step[];
  /** Ends what `build` began. Called when no request is held and no event is being handled. */
  stop?: () => Promise<void>;
}

/** Longer than the longest held request. */
const HTTP_GRACE_MS = 30_000;

/**
 * The life of a service: everything is started in the order in which it is needed and stopped in reverse. On SIGTERM or
 * SIGINT it is unready first, then takes no more requests, finishes those it holds, takes no more events, commits and
 * publishes what is under way, and closes its connections. A second signal ends it at once.
 */
export async function runService(
  name: string,
  config: ServiceConfig,
  build: (core: Core) => Parts | Promise<Parts>,
): Promise<void> {
  const log = createLogger({ service: name, level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  endLoudly(log);
  const stops: (() => unknown)[] = [];
  const started = <T>(part: T, stop: (part: T) => unknown): T => {
    stops.unshift(() => stop(part));
    return part;
  };

  started(await startTracing({ service: name, endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT }), (stop) =>
    stop(),
  );
  const database = started(
    openDatabase({ url: config.DATABASE_URL, poolSize: config.POOL_SIZE, log }),
    (it) => it.close(),
  );
  let broker = () => false;
  let brokerSeen = false;
  const internal = started(
    createInternalServer({
      log,
      checks: {
        database: () => database.ready(),
        // A broker that went away later makes nobody unready: the outbox keeps what is accepted meanwhile.
        broker: async () => {
          brokerSeen ||= broker();
          if (!brokerSeen) throw new Error('the broker has not been reached yet');
        },
      },
    }),
    (it) => it.stop(),
  );
  await internal.start({ host: config.HOST, port: config.INTERNAL_PORT, variable: 'INTERNAL_PORT' });
  stopOnSignal(log, config, internal.draining, stops);
  await reachable(database, log);

  const publisher = started(
    await connectPublisher({ url: config.AMQP_URL, name: `${name} publishes`, log }),
    (it) => it.close(),
  );
  broker = publisher.connected;
  const outbox = started(openOutbox({ database, publisher, log }), (it) => it.close());
  started(startKeyCleaner(database, log), (it) => it.stop());
  const parts = started(await build({ database, outbox, log }), (it) => it.stop?.());

  const deadLetters = openDeadLetters(publisher);
  const inboxes = parts.steps.map((step) => ({
    queue: step.queue,
    ...openInbox({
      step,
      database,
      outbox,
      deadLetters,
      log,
      batchSize: config.BATCH_SIZE,
      batchesInFlight: config.BATCHES_IN_FLIGHT,
    }),
  }));
  const subscriptions = inboxes.map(({ queue, onDelivery }) => ({
    queue,
    onDelivery,
    prefetch: config.PREFETCH,
  }));
  started(
    await connectConsumer({ url: config.AMQP_URL, name: `${name} consumes`, log, subscriptions }),
    async (consumer) => {
      await consumer.cancel();
      await Promise.all(inboxes.map((inbox) => inbox.close()));
      await consumer.close();
    },
  );

  const http = started(createHttpServer({ routes: parts.routes, log }), (it) => it.stop(HTTP_GRACE_MS));
  const port = await http.start({ host: config.HOST, port: config.PORT, variable: 'PORT' });
  internal.started();
  log.info({ port, internal_port: config.INTERNAL_PORT }, `${name} is up`);
}

async function reachable(database: Database, log: Logger): Promise<void> {
  for (;;) {
    try {
      return await database.ready();
    } catch (error) {
      log.warn({ err: error }, 'the database cannot be reached; trying again (see DATABASE_URL)');
      await sleep(1_000);
    }
  }
}

function stopOnSignal(
  log: Logger,
  config: ServiceConfig,
  draining: () => void,
  stops: (() => unknown)[],
): void {
  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'stopping');
    draining();
    await sleep(config.DRAIN_DELAY_MS);
    for (const each of stops) await each();
    log.info('stopped');
    log.flush(() => process.exit(0));
  };
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => {
      stop(signal).catch((error) => {
        log.fatal({ err: error }, 'could not stop in order');
        process.exit(1);
      });
    });
  }
}

/** A fault that nobody expected leaves the process in a state that nobody knows: it ends, and is started again. */
function endLoudly(log: Logger): void {
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.on(event, (error) => {
      log.fatal({ err: error }, `${event}: the process ends`);
      log.flush(() => process.exit(1));
    });
  }
}
