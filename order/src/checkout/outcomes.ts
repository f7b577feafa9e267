import { readBroadcast } from '../../../shared/contract/broadcasts';
import type { Logger } from '../../../shared/observe/log';
import type { Database } from '../../../shared/postgres/database';
import type { Patience } from '../../../shared/postgres/patience';
import { connectBroadcast } from '../../../shared/rabbit/broadcast';
import type { Topology } from '../../../shared/rabbit/open-topology';
import { smartBatch } from '../../../shared/service/batch';
import { type Loop, repeat } from '../../../shared/service/loop';
import type { Settlement } from '../saga/5-settle-checkout/decide';
import { readOutcomes } from './statements';
import type { Outcome, WaitingRequests } from './waiting-requests';

/** A broadcast can be lost, so the saga of a request that has waited this long is looked up. */
const POLL_AFTER_MS = 500;
const MAX_LOOK_UPS = 1_000;

export interface Outcomes {
  /** Answers the requests that wait here and notifies the other replicas. Call it after the commit. */
  notify(settlements: readonly Settlement[]): void;
  /** Returns the outcome of a saga, or undefined if it has not ended. */
  read(sagaId: string): Promise<Outcome | undefined>;
  stop(): Promise<void>;
}

/** Delivers outcomes to the waiting requests of all replicas: at once by broadcast, otherwise by polling. */
export async function openOutcomes(options: {
  database: Database;
  patience: Patience;
  waiting: WaitingRequests;
  amqpUrl: string;
  topology: Topology;
  log: Logger;
}): Promise<Outcomes> {
  const { database, patience, waiting, log } = options;
  const read = (sagaIds: string[]) => database.transaction((tx) => tx.run(readOutcomes, [sagaIds]));
  // Thousands of buyers may repeat a checkout at once. They share the connection, and leave the others to the saga.
  const lookUps = smartBatch<string, Outcome | undefined>({
    max: MAX_LOOK_UPS,
    inFlight: 1,
    async run(sagaIds) {
      const outcomes = await patience.bridge(() => read(sagaIds));
      const found = new Map(outcomes.map((outcome) => [outcome.saga_id, outcome]));
      return sagaIds.map((sagaId) => found.get(sagaId));
    },
  });

  const replicas = await connectBroadcast({
    url: options.amqpUrl,
    topology: options.topology,
    name: 'order broadcasts outcomes',
    log,
    exchange: 'order.settled',
    onReceived(body) {
      const outcomes = readBroadcast('order.settled', body);
      if (outcomes !== undefined) {
        waiting.resolve(outcomes);
      } else {
        log.warn('received a broadcast that is not a list of outcomes; ignoring it');
      }
    },
  });

  const poll: Loop = repeat(
    POLL_AFTER_MS,
    async () => {
      const sagaIds = waiting.waitingLongerThan(POLL_AFTER_MS);
      if (sagaIds.length > 0) {
        waiting.resolve(await read(sagaIds));
      }
    },
    (error) => log.warn({ err: error }, 'could not look up the outcomes of waiting checkouts; trying again'),
  );

  return {
    notify(settlements) {
      // What was disputed is left to the poll, which also reads what was charged.
      const outcomes = settlements
        .filter(({ state }) => state !== 'DISPUTED')
        .map(({ saga_id, state, reason }) => ({ saga_id, state, reason }));
      if (outcomes.length > 0) {
        waiting.resolve(outcomes);
        replicas.send(JSON.stringify(outcomes));
      }
    },
    read: (sagaId) => lookUps.submit(sagaId),
    async stop() {
      await poll.stop();
      await replicas.close();
    },
  };
}
