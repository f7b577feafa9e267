import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceConfig } from './config';
import { type Check, createInternalServer } from './http/internal';
import { startKeyCleaner } from './http/key-cleaner';
import type { Route } from './http/route';
import { createHttpServer } from './http/server';
import { openDeadLetters } from './inbox/dead-letters';
import { openInbox } from './inbox/inbox';
import type { Step } from './inbox/step';
import { Lifecycle } from './lifecycle';
import { createLogger, type Logger } from './observe/log';
import { startTracing } from './observe/trace';
import { type Outbox, openOutbox } from './outbox/outbox';
import { type Database, openDatabase } from './postgres/database';
import { connectConsumer } from './rabbit/consumer';
import { connectPublisher, type Publisher } from './rabbit/publisher';

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
 * The life of a service: everything is started in the order in which it is needed and stopped in reverse. It is unready
 * first, then takes no more requests, finishes those it holds, takes no more events, commits and publishes what is under
 * way, and closes its connections.
 */
export async function runService(
  name: string,
  config: ServiceConfig,
  build: (core: Core) => Parts | Promise<Parts>,
): Promise<void> {
  const log = createLogger({ service: name, level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const life = new Lifecycle(log, config.DRAIN_DELAY_MS);

  const tracing = await startTracing({ service: name, endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT });
  life.started(tracing, (stop) => stop());
  const database = life.started(
    openDatabase({ url: config.DATABASE_URL, poolSize: config.POOL_SIZE, log }),
    (it) => it.close(),
  );
  const publisher = life.started(
    await connectPublisher({ url: config.AMQP_URL, name: `${name} publishes`, log }),
    (it) => it.close(),
  );
  const internal = life.started(createInternalServer({ log, checks: readiness(database, publisher) }), (it) =>
    it.stop(),
  );
  life.whenStopping(internal.draining);
  await internal.start({ host: config.HOST, port: config.INTERNAL_PORT, variable: 'INTERNAL_PORT' });
  await reachable(database, log);

  const outbox = life.started(openOutbox({ database, publisher, log }), (it) => it.close());
  life.started(startKeyCleaner(database, log), (it) => it.stop());
  const parts = life.started(await build({ database, outbox, log }), (it) => it.stop?.());

  const inboxes = parts.steps.map((step) => ({
    queue: step.queue,
    prefetch: config.PREFETCH,
    ...openInbox({
      step,
      database,
      outbox,
      deadLetters: openDeadLetters(publisher),
      log,
      batchSize: config.BATCH_SIZE,
      batchesInFlight: config.BATCHES_IN_FLIGHT,
    }),
  }));
  life.started(
    await connectConsumer({ url: config.AMQP_URL, name: `${name} consumes`, log, subscriptions: inboxes }),
    async (consumer) => {
      await consumer.cancel();
      await Promise.all(inboxes.map((inbox) => inbox.close()));
      await consumer.close();
    },
  );

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

function readiness(database: Database, publisher: Publisher): Record<string, Check> {
  let brokerSeen = false;
  return {
    database: () => database.ready(),
    // A broker that goes away later makes nobody unready: the outbox keeps what is accepted meanwhile.
    broker: async () => {
      brokerSeen ||= publisher.connected();
      if (!brokerSeen) throw new Error('the broker has not been reached yet');
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
