import type { z } from 'zod';
import { ISSUER_MISSING, namesIssuer, openAccess } from '../access/open-access';
import { createInternalServer } from '../http/internal-server';
import { startKeyCleaner } from '../http/key-cleaner';
import type { Route } from '../http/route';
import { createHttpServer } from '../http/server';
import { Caution } from '../inbox/caution';
import { openDeadLetters } from '../inbox/dead-letters';
import { watchDeferred } from '../inbox/deferrals';
import { openInbox } from '../inbox/inbox';
import type { Step } from '../inbox/step';
import { createLogger, type Logger } from '../observe/log';
import { watchBroker, watchPool } from '../observe/resource-metrics';
import { startTracing } from '../observe/trace';
import { type Outbox, openOutbox } from '../outbox/outbox';
import { type Database, openDatabase } from '../postgres/database';
import { openPatience, type Patience } from '../postgres/patience';
import { probeDatabase } from '../postgres/probe';
import { connectConsumer } from '../rabbit/consumer';
import { openTopology, type Topology } from '../rabbit/open-topology';
import { connectPublisher } from '../rabbit/publisher';
import { watchTopology } from '../rabbit/watch-topology';
import { type ServiceName, services } from '../services';
import { CONFIG_EXIT_CODE, ConfigError, readConfig, type serviceSettings } from './config';
import { Lifecycle } from './lifecycle';
import { type Broker, readinessChecks, waitUntilReachable } from './readiness';

/** What every service is built from. */
export interface Core<Config> {
  config: Config;
  /** For the saga. */
  database: Database;
  /** For requests that write and are not checkouts: many of them must not delay the saga. */
  httpDatabase: Database;
  /** For requests that only read: writes that wait for a lock must not delay them. */
  readDatabase: Database;
  /** For whatever clients wait for. */
  patience: Patience;
  /** For the connections to the broker that a service adds. */
  topology: Topology;
  outbox: Outbox;
  /** Shared by all that locks rows. */
  caution: Caution;
  log: Logger;
}

/** What one service adds. */
export interface Parts {
  routes: readonly Route[];
  steps: readonly Step[];
  /** Stops what `build` started. Called when no request waits and no event is being handled. */
  stop?: () => Promise<void>;
}

/**
 * How long the saga waits for a lock. Its own transactions hold theirs for milliseconds, so whoever holds one longer is
 * a stranger, and the events that need that row are deferred (shared/inbox/caution.ts).
 */
export const SAGA_LOCK_TIMEOUT_MS = 500;

/** Longer than the longest waiting request. */
export const HTTP_GRACE_MS = 30_000;

/** Longer than the second after which PostgreSQL ends an autovacuum that is in the way. */
const HTTP_LOCK_TIMEOUT_MS = 2_000;

/**
 * Runs a service: starts everything in the order in which it is needed, and stops it in reverse. To stop, a service
 * becomes unready, accepts no more requests, finishes the open ones, stops consuming, commits and publishes what is in
 * progress, and closes its connections.
 */
export async function runService<Settings extends ReturnType<typeof serviceSettings>>(
  name: ServiceName,
  settings: Settings,
  build: (core: Core<z.infer<Settings>>) => Parts | Promise<Parts>,
): Promise<void> {
  const config = readConfigOrExit(settings.refine(namesIssuer, ISSUER_MISSING));
  const log = createLogger({ service: name, level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  const lifecycle = new Lifecycle(log, config.DRAIN_DELAY_MS);

  const tracing = await startTracing({ service: name, endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT });
  lifecycle.addPart(tracing, (stop) => stop());
  const openPool = (purpose: string, poolSize: number, limits: { lockTimeoutMs?: number } = {}) => {
    const database = openDatabase({
      name: `${name} ${purpose}`,
      url: config.DATABASE_URL,
      poolSize,
      log,
      ...limits,
    });
    watchPool(purpose, database.pool, poolSize);
    return lifecycle.addPart(database, ({ close }) => close());
  };
  const database = openPool('saga', config.POOL_SIZE, { lockTimeoutMs: SAGA_LOCK_TIMEOUT_MS });
  const httpDatabase = openPool('http', config.HTTP_POOL_SIZE, { lockTimeoutMs: HTTP_LOCK_TIMEOUT_MS });
  const readDatabase = openPool('reads', config.HTTP_READ_POOL_SIZE);
  const patience = lifecycle.addPart(
    openPatience({
      probe: () => probeDatabase(`${name} probe`, config.DATABASE_URL),
      patienceMs: config.DATABASE_PATIENCE_MS,
      log,
    }),
    ({ stop }) => stop(),
  );
  const topology = openTopology({ mode: config.TOPOLOGY, service: name, log });
  const broker = { url: config.AMQP_URL, topology, log };
  const publisher = lifecycle.addPart(
    await connectPublisher({ ...broker, name: `${name} publishes` }),
    ({ close }) => close(),
  );
  const brokers: Broker[] = [publisher];
  watchBroker('publish', publisher);
  const { access, ready: issuerReady } = lifecycle.addPart(openAccess(config, log), ({ stop }) => stop());
  const internal = lifecycle.addPart(
    createInternalServer({ log, checks: { ...readinessChecks(patience, brokers), issuer: issuerReady } }),
    ({ stop }) => stop(),
  );
  lifecycle.onStopping(internal.markDraining);
  await internal.start({ host: config.HOST, port: config.INTERNAL_PORT, variable: 'INTERNAL_PORT' });
  await waitUntilReachable(database, log);

  const outbox = lifecycle.addPart(openOutbox({ database, publisher, log }), ({ close }) => close());
  lifecycle.addPart(startKeyCleaner(database, log), ({ stop }) => stop());
  const caution = new Caution();
  watchDeferred(database);
  const parts = lifecycle.addPart(
    await build({ config, database, httpDatabase, readDatabase, patience, topology, outbox, caution, log }),
    (built) => built.stop?.(),
  );

  const inboxes = parts.steps.map((step) => ({
    queue: step.queue,
    prefetch: config.PREFETCH,
    ...openInbox({
      step,
      outbox,
      deadLetters: openDeadLetters(publisher),
      caution,
      log,
      batchSize: config.BATCH_SIZE,
      batchesInFlight: config.BATCHES_IN_FLIGHT,
    }),
  }));
  const consumer = lifecycle.addPart(
    await connectConsumer({ ...broker, name: `${name} consumes`, subscriptions: inboxes }),
    async (consumer) => {
      await consumer.cancel();
      await Promise.all(inboxes.map((inbox) => inbox.close()));
      await consumer.close();
    },
  );
  lifecycle.addPart(watchTopology({ connection: consumer, topology, log }), ({ stop }) => stop());
  brokers.push(consumer);
  watchBroker('consume', consumer);

  const http = lifecycle.addPart(
    createHttpServer({
      routes: parts.routes,
      log,
      access,
      patience,
      waits: services[name].waits,
      isBusy: (kind) => (kind === 'reads' ? readDatabase : httpDatabase).pool.isBusy(),
    }),
    ({ stop }) => stop(HTTP_GRACE_MS),
    HTTP_GRACE_MS + 1_000,
  );
  lifecycle.onStopping(http.announceStop);
  const port = await http.start({ host: config.HOST, port: config.PORT, variable: 'PORT' });
  internal.markStarted();
  log.info({ port, internal_port: config.INTERNAL_PORT }, `${name} is up`);
}

function readConfigOrExit<Settings extends z.ZodType>(settings: Settings): z.infer<Settings> {
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
