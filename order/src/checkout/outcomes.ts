import { z } from 'zod';
import { failureReason } from '../../../shared/contract/events';
import type { Logger } from '../../../shared/observe/log';
import { sagaDuration } from '../../../shared/observe/metrics';
import { traceId } from '../../../shared/observe/trace';
import type { Database } from '../../../shared/postgres/database';
import { connectBroadcast } from '../../../shared/rabbit/broadcast';
import { SETTLED, type TopologyMode } from '../../../shared/rabbit/topology';
import { type Loop, repeat } from '../../../shared/service/loop';
import type { Settlement } from '../saga/5-settle-checkout/decide';
import { readOutcomes } from './statements';
import type { HeldCheckouts, Outcome } from './waiting-requests';

/** Behind the broadcast, which may be missed: how long a held request waits before its saga is looked up. */
const POLL_AFTER_MS = 500;

/** As the metric's label has it; a checkout that failed goes by its reason. */
const PAID = 'paid';

const broadcastOutcomes = z.array(
  z.object({ saga_id: z.uuid(), state: z.enum(['PAID', 'FAILED']), reason: failureReason.nullable() }),
);

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
  held: HeldCheckouts;
  amqpUrl: string;
  topology: TopologyMode;
  log: Logger;
}): Promise<Outcomes> {
  const { database, held, log } = options;
  for (const outcome of [PAID, ...failureReason.options]) sagaDuration.zero({ outcome });
  const read = (sagaIds: string[]) => database.transaction((tx) => tx.run(readOutcomes, [sagaIds]));

  const replicas = await connectBroadcast({
    url: options.amqpUrl,
    topology: options.topology,
    name: 'order tells its replicas',
    log,
    exchange: SETTLED,
    onTold(body) {
      const outcomes = broadcastOutcomes.safeParse(parse(body));
      if (outcomes.success) held.tell(outcomes.data);
      else log.warn('another replica was told something that is no outcome; it is ignored');
    },
  });

  const poll: Loop = repeat(
    POLL_AFTER_MS,
    async () => {
      const waitedFor = held.waitedFor(POLL_AFTER_MS);
      if (waitedFor.length > 0) held.tell(await read(waitedFor));
    },
    (error) => log.warn({ err: error }, 'held checkouts could not be looked up; trying again'),
  );

  return {
    settled(settlements) {
      if (settlements.length === 0) return;
      held.tell(settlements);
      replicas.tell(
        JSON.stringify(settlements.map(({ saga_id, state, reason }) => ({ saga_id, state, reason }))),
      );
      for (const { saga_id, order_id, reason, took_seconds, traceparent } of settlements) {
        const outcome = reason ?? PAID;
        sagaDuration.observe({ outcome }, took_seconds);
        log.info(
          { saga_id, order_id, trace_id: traceId(traceparent), outcome, took_seconds },
          'a checkout has ended',
        );
      }
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
