import { runService } from '../../shared/service/service';
import { Admission } from './checkout/admission';
import { openCheckouts } from './checkout/batcher';
import { openOutcomes } from './checkout/outcomes';
import { watchOverdue } from './checkout/overdue';
import { checkout } from './checkout/route';
import { HeldCheckouts } from './checkout/waiting-requests';
import { settings } from './config';
import { routes } from './http';
import { settleCheckout } from './saga/5-settle-checkout/step';

void runService('order', settings, async ({ config, database, httpDatabase, outbox, log }) => {
  const held = new HeldCheckouts();
  const admission = new Admission({ held: config.MAX_HELD_CHECKOUTS, inFlight: config.MAX_SAGAS_IN_FLIGHT });
  const cancelAfterMs = config.CANCEL_AFTER_MS;
  const checkouts = openCheckouts({
    outbox,
    batchSize: config.BATCH_SIZE,
    batchesInFlight: config.BATCHES_IN_FLIGHT,
    cancelAfterMs,
  });
  const outcomes = await openOutcomes({
    database,
    held,
    amqpUrl: config.AMQP_URL,
    topology: config.TOPOLOGY,
    log,
  });
  const overdue = watchOverdue({ database, outbox, log, admission, cancelAfterMs });

  return {
    routes: [
      ...routes({ database: httpDatabase, batchInit: config.BATCH_INIT, stockUrl: config.STOCK_URL }),
      checkout({
        checkouts,
        held,
        admission,
        readOutcome: outcomes.read,
        answerWithinMs: config.ANSWER_WITHIN_MS,
      }),
    ],
    steps: [settleCheckout(outcomes.settled)],
    async stop() {
      await overdue.stop();
      await outcomes.stop();
    },
  };
});
