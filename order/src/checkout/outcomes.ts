import { broadcasts } from '../../../shared/contract/broadcasts';
import type { Logger } from '../../../shared/observe/log';
import type { Database } from '../../../shared/postgres/database';
import { connectBroadcast } from '../../../shared/rabbit/broadcast';
import type { TopologyMode } from '../../../shared/rabbit/topology';
import { type Loop, repeat } from '../../../shared/service/loop';
import type { Settlement } from '../saga/5-settle-checkout/decide';
import { readOutcomes } from './statements';
import type { Outcome, WaitingRequests } from './waiting-requests';

/** Behind the broadcast, which may be missed: how long a waiting request waits before its saga is looked up. */
const POLL_AFTER_MS = 500;

export interface Outcomes {
  /** To be called with what was committed: answers those who wait here, and tells the other replicas. */
  settled(settlements: readonly Settlement[]): void;
  /** The outcome of a saga that has ended. */
  read(sagaId: string): Promise<Outcome | undefined>;
  stop(): Promise<void>;
}

/** Brings outcomes to the buyers who wait for them, on whichever replica: at once, and if that is missed by a poll. */
export async function openOutcomes(options: {
  database: Database;
  waiting: WaitingRequests;
  amqpUrl: string;
  topology: TopologyMode;
  log: Logger;
}): Promise<Outcomes> {
  const { database, waiting, log } = options;
  const read = (sagaIds: string[]) => database.transaction((tx) => tx.run(readOutcomes, [sagaIds]));

  const replicas = await connectBroadcast({
    url: options.amqpUrl,
    topology: options.topology,
    name: 'order tells its replicas',
    log,
    exchange: 'order.settled',
    onTold(body) {
      const outcomes = broadcasts['order.settled'].safeParse(parse(body));
      if (outcomes.success) {
        waiting.resolve(outcomes.data);
      } else {
        log.warn('another replica was told something that is no outcome; it is ignored');
      }
    },
  });

  const poll: Loop = repeat(
    POLL_AFTER_MS,
    async () => {
      const waitedFor = waiting.waitingLongerThan(POLL_AFTER_MS);
      if (waitedFor.length > 0) {
        waiting.resolve(await read(waitedFor));
      }
    },
    (error) => log.warn({ err: error }, 'waiting checkouts could not be looked up; trying again'),
  );

  return {
    settled(settlements) {
      if (settlements.length === 0) {
        return;
      }
      waiting.resolve(settlements);
      replicas.tell(
        JSON.stringify(settlements.map(({ saga_id, state, reason }) => ({ saga_id, state, reason }))),
      );
    },
    read: async (sagaId) => (await read([sagaId]))[0],
    async stop() {
      await poll.stop();
      await replicas.close();
    },
  };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
