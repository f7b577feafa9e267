import { repeat } from '../../shared/loop';
import { sagaDuration } from '../../shared/observe/metrics';
import { traceId } from '../../shared/observe/trace';
import { connectBroadcast } from '../../shared/rabbit/broadcast';
import { SETTLED } from '../../shared/rabbit/topology';
import { runService } from '../../shared/service';
import { Admission } from './admission';
import { openCheckouts } from './checkouts';
import { config } from './config';
import { HeldCheckouts } from './held-checkouts';
import { routes } from './http';
import { checkout } from './http/checkout';
import { watchOverdue } from './overdue';
import { settleCheckout } from './saga/5-settle-checkout/step';
import { readOutcomes } from './statements';

/** Behind the broadcast, which may be missed: how long a held request waits before its saga is looked up. */
const POLL_AFTER_MS = 500;

void runService('order', config, async ({ database, outbox, log }) => {
  const held = new HeldCheckouts();
  const admission = new Admission({ held: config.MAX_HELD_CHECKOUTS, inFlight: config.MAX_SAGAS_IN_FLIGHT });
  const checkouts = openCheckouts({
    database,
    outbox,
    batchSize: config.BATCH_SIZE,
    batchesInFlight: config.BATCHES_IN_FLIGHT,
    cancelAfterMs: config.CANCEL_AFTER_MS,
  });
  const outcomesOf = (sagaIds: string[]) => database.transaction((tx) => tx.run(readOutcomes, [sagaIds]));

  const replicas = await connectBroadcast({
    url: config.AMQP_URL,
    name: 'order tells its replicas',
    log,
    exchange: SETTLED,
    onTold: (outcomes) => held.tell(JSON.parse(outcomes)),
  });
  const poll = repeat(
    POLL_AFTER_MS,
    async () => {
      const waitedFor = held.waitedFor(POLL_AFTER_MS);
      if (waitedFor.length > 0) held.tell(await outcomesOf(waitedFor));
    },
    (error) => log.warn({ err: error }, 'held checkouts could not be looked up; trying again'),
  );
  const overdue = watchOverdue({ database, outbox, log, admission, cancelAfterMs: config.CANCEL_AFTER_MS });

  const settle = settleCheckout((settled) => {
    held.tell(settled);
    replicas.tell(JSON.stringify(settled.map(({ saga_id, state, reason }) => ({ saga_id, state, reason }))));
    for (const { saga_id, order_id, reason, took, traceparent } of settled) {
      const outcome = reason ?? 'paid';
      sagaDuration.observe({ outcome }, took);
      log.info({ saga_id, order_id, trace_id: traceId(traceparent), outcome, took }, 'a checkout has ended');
    }
  });

  return {
    routes: [
      ...routes({ database, batchInit: config.BATCH_INIT, stockUrl: config.STOCK_URL }),
      checkout({
        checkouts,
        held,
        admission,
        readOutcome: async (sagaId) => (await outcomesOf([sagaId]))[0],
        answerWithinMs: config.ANSWER_WITHIN_MS,
      }),
    ],
    steps: [settle],
    async stop() {
      await Promise.all([poll.stop(), overdue.stop()]);
      await replicas.close();
    },
  };
});
