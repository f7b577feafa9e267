import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { type Check, createInternalServer } from '../http/internal';
import { startKeyCleaner } from '../http/key-cleaner';
import type { Route } from '../http/route';
import { createHttpServer } from '../http/server';
import { openDeadLetters } from '../inbox/dead-letters';
import { openInbox } from '../inbox/inbox';
import type { Step } from '../inbox/step';
import { createLogger, type Logger } from '../observe/log';
import { watchBroker, watchPool } from '../observe/resource-metrics';
import { startTracing } from '../observe/trace';
import { type Outbox, openOutbox } from '../outbox/outbox';
import { type Database, openDatabase } from '../postgres/database';
import type { RabbitConnection } from '../rabbit/connection';
import { connectConsumer } from '../rabbit/consumer';
import { connectPublisher } from '../rabbit/publisher';
import type { ServiceName } from '../services';
import { CONFIG_EXIT_CODE, ConfigError, readConfig, type serviceSettings } from './config';
import { Lifecycle } from './lifecycle';

/** What a service is made from. */
export interface Core<Config> {
  config: Config;
  /** For the saga. */
  database: Database;
  /** For requests that are not checkouts: a crowd of them, on one hot row for instance, must not hold up the saga. */
  httpDatabase: Database;
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
export const HTTP_GRACE_MS = 30_000;

/**
 * The life of a service: everything is started in the order in which it is needed and stopped in reverse. It is unready
 * first, then takes no more requests, finishes those it holds, takes no more events, commits and publishes what is under
 * way, and closes its connections.
 */
export async function runService<Settings extends ReturnType<typeof serviceSettings>>(
  name: ServiceName,
  settings: Settings,
  build: (core: Core<z.infer<Settings>>) => Parts | Promise<Parts>,
): Promise<void> {
  const config = readConfigOrEnd(settings);
  const log = createLogger({ service: name, level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const life = new Lifecycle(log, config.DRAIN_DELAY_MS);

  const tracing = await startTracing({ service: name, endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT });
  life.started(tracing, (stop) => stop());
  const open = (purpose: string, poolSize: number) => {
    const database = openDatabase({ url: config.DATABASE_URL, poolSize, log });
    watchPool(purpose, database.pool, poolSize);
    return life.started(database, (it) => it.close());
  };
  const database = open('saga', config.POOL_SIZE);
  const httpDatabase = open('http', config.HTTP_POOL_SIZE);
  const broker = { url: config.AMQP_URL, topology: config.TOPOLOGY, log };
  const publisher = life.started(await connectPublisher({ ...broker, name: `${name} publishes` }), (it) =>
    it.close(),
  );
  const brokers: RabbitConnection[] = [publisher];
  watchBroker('publish', publisher);
  const internal = life.started(createInternalServer({ log, checks: readiness(database, brokers) }), (it) =>
    it.stop(),
  );
  life.whenStopping(internal.draining);
  await internal.start({ host: config.HOST, port: config.INTERNAL_PORT, variable: 'INTERNAL_PORT' });
  await reachable(database, log);

  const outbox = life.started(openOutbox({ database, publisher, log }), (it) => it.close());
  life.started(startKeyCleaner(database, log), (it) => it.stop());
  const parts = life.started(await build({ config, database, httpDatabase, outbox, log }), (it) =>
    it.stop?.(),
  );

  const inboxes = parts.steps.map((step) => ({
    queue: step.queue,
    prefetch: config.PREFETCH,
    ...openInbox({
      step,
      outbox,
      deadLetters: openDeadLetters(publisher),
      log,
      batchSize: config.BATCH_SIZE,
      batchesInFlight: config.BATCHES_IN_FLIGHT,
    }),
  }));
  const consumer = life.started(
    await connectConsumer({ ...broker, name: `${name} consumes`, subscriptions: inboxes }),
    async (consumer) => {
      await consumer.cancel();
      await Promise.all(inboxes.map((inbox) => inbox.close()));
      await consumer.close();
    },
  );
  brokers.push(consumer);
  watchBroker('consume', consumer);

  const http = life.started(
    createHttpServer({ routes: parts.routes, log }),
    (it) => it.stop(HTTP_GRACE_MS),
    HTTP_GRACE_MS + 1_000,
  );
  life.whenStopping(http.announceStop);
  const port = await http.start({ host: config.HOST, port: config.PORT, variable: 'PORT' });
  internal.started();
  log.info({ port, internal_port: config.INTERNAL_PORT }, `${name} is up`);
}

function readConfigOrEnd<Settings extends z.ZodType>(settings: Settings): z.infer<Settings> {
  try {
    return readConfig(settings);
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    console.error(error.message);
    process.exit(CONFIG_EXIT_CODE);
  }
}

function readiness(database: Database, brokers: readonly RabbitConnection[]): Record<string, Check> {
  const reached = new Set<RabbitConnection>();
  return {
    database: () => database.ready(),
    // A broker that goes away later makes nobody unready: the outbox keeps what is accepted meanwhile.
    broker: async () => {
      for (const broker of brokers) {
        if (broker.connected()) {
          reached.add(broker);
        }
      }
      if (reached.size < brokers.length) {
        throw new Error('the broker has not been reached yet');
      }
    },
  };
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
