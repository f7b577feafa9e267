import type { z } from 'zod';
import { ISSUER_MISSING, namesIssuer, openAccess } from '../access/open-access';
import { keyExpiry } from '../http/key-expiry';
import type { Route } from '../http/route';
import { Caution } from '../inbox/caution';
import { openDeadLetters } from '../inbox/dead-letters';
import { watchDeferred } from '../inbox/deferrals';
import { openInbox } from '../inbox/inbox';
import type { Step } from '../inbox/step';
import { watchBroker } from '../observe/resource-metrics';
import { type Outbox, openOutbox } from '../outbox/outbox';
import { startCleaner } from '../postgres/cleaner';
import type { Database } from '../postgres/database';
import { connectConsumer } from '../rabbit/consumer';
import { openTopology, type Topology } from '../rabbit/open-topology';
import { connectPublisher } from '../rabbit/publisher';
import { watchTopology } from '../rabbit/watch-topology';
import type { ParticipantName } from '../services';
import type { participantSettings } from './config';
import { type Foundation, openFoundation, startHttpServer, startInternalServer } from './foundation';
import { type Broker, brokerCheck, databaseCheck } from './readiness';

/** What a participant of the saga is built from. */
export interface Core<Config>
  extends Pick<
    Foundation<Config>,
    'config' | 'log' | 'httpDatabase' | 'readDatabase' | 'patience' | 'openPool'
  > {
  /** For the saga. */
  database: Database;
  /** For the connections to the broker that a service adds. */
  topology: Topology;
  outbox: Outbox;
  /** Shared by all that locks rows. */
  caution: Caution;
}

/** What one participant adds. */
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

/**
 * Runs a service that takes part in the saga: starts everything in the order in which it is needed, and stops it in
 * reverse. To stop, a service becomes unready, accepts no more requests, finishes the open ones, stops consuming, commits
 * and publishes what is in progress, and closes its connections.
 */
export async function runParticipant<Settings extends ReturnType<typeof participantSettings>>(
  name: ParticipantName,
  settings: Settings,
  build: (core: Core<z.infer<Settings>>) => Parts | Promise<Parts>,
): Promise<void> {
  const foundation = await openFoundation(name, settings.refine(namesIssuer, ISSUER_MISSING));
  const { config, log, lifecycle, httpDatabase, readDatabase, patience } = foundation;
  const database = foundation.openPool('saga', config.POOL_SIZE, { lockTimeoutMs: SAGA_LOCK_TIMEOUT_MS });
  const topology = openTopology({ mode: config.TOPOLOGY, service: name, log });
  const broker = { url: config.AMQP_URL, topology, log };
  const publisher = lifecycle.addPart(
    await connectPublisher({ ...broker, name: `${name} publishes` }),
    ({ close }) => close(),
  );
  const brokers: Broker[] = [publisher];
  watchBroker('publish', publisher);
  const { access, ready: issuer } = lifecycle.addPart(openAccess(config, log), ({ stop }) => stop());
  const internal = await startInternalServer(foundation, {
    database: databaseCheck(patience),
    broker: brokerCheck(brokers),
    issuer,
  });

  const outbox = lifecycle.addPart(openOutbox({ database, publisher, log }), ({ close }) => close());
  lifecycle.addPart(startCleaner(database, keyExpiry, log), ({ stop }) => stop());
  const caution = new Caution();
  watchDeferred(database);
  const parts = lifecycle.addPart(
    await build({
      ...{ config, log, database, httpDatabase, readDatabase, patience, topology, outbox, caution },
      openPool: foundation.openPool,
    }),
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

  await startHttpServer(foundation, internal, { routes: parts.routes, access });
}
