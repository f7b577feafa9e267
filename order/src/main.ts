import { runParticipant } from '../../shared/service/run-participant';
import { Admission } from './checkout/admission';
import { openCheckouts } from './checkout/batcher';
import { watchInFlight } from './checkout/in-flight';
import { openOutcomes } from './checkout/outcomes';
import { watchOverdue } from './checkout/overdue';
import { reportSettled, zeroOutcomes } from './checkout/report-settled';
import { checkout } from './checkout/route';
import { WaitingRequests } from './checkout/waiting-requests';
import { settings } from './config';
import { routes } from './http';
import { settleCheckout } from './saga/5-settle-checkout/step';

void runParticipant('order', settings, async (core) => {
  const { config, database, patience, topology, outbox, caution, log } = core;
  const waiting = new WaitingRequests();
  const admission = new Admission({
    waiting: config.MAX_HELD_CHECKOUTS,
    inFlight: config.MAX_SAGAS_IN_FLIGHT,
  });
  const cancelAfterMs = config.CANCEL_AFTER_MS;
  const checkouts = openCheckouts({
    outbox,
    caution,
    patience,
    batchSize: config.BATCH_SIZE,
    batchesInFlight: config.BATCHES_IN_FLIGHT,
    cancelAfterMs,
  });
  zeroOutcomes();
  const outcomes = await openOutcomes({
    database,
    patience,
    waiting,
    amqpUrl: config.AMQP_URL,
    topology,
    log,
  });
  const inFlight = watchInFlight({ database, log, onCounted: (count) => admission.recordInFlight(count) });
  const overdue = watchOverdue({ database, outbox, amqpUrl: config.AMQP_URL, log, cancelAfterMs });

  return {
    routes: [
      ...routes({
        database: core.httpDatabase,
        reads: core.readDatabase,
        batchInit: config.BATCH_INIT,
        stockUrl: config.STOCK_URL,
      }),
      checkout({
        checkouts,
        waiting,
        admission,
        readOutcome: outcomes.read,
        answerWithinMs: config.ANSWER_WITHIN_MS,
        isAway: patience.isAway,
      }),
    ],
    steps: [
      settleCheckout((settlements) => {
        outcomes.notify(settlements);
        reportSettled(settlements, log);
      }),
    ],
    async stop() {
      await Promise.all([inFlight.stop(), overdue.stop()]);
      await outcomes.stop();
    },
  };
});
