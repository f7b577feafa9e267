import { runParticipant } from '../../shared/service/run-participant';
import { settings } from './config';
import { routes } from './http';
import { compensations } from './metrics';
import { reserveStock } from './saga/2-reserve-stock/step';
import { settleReservation } from './saga/4-settle-reservation/step';
import { watchUndecided } from './undecided';
import { openWaiting } from './waiting-sagas';

void runParticipant('stock', settings, (core) => {
  const { config, httpDatabase, readDatabase, log } = core;
  const waiting = openWaiting(core);
  const undecided = watchUndecided({ ...core, amqpUrl: config.AMQP_URL, askAfterMs: config.ASK_AFTER_MS });
  return {
    routes: routes({
      database: httpDatabase,
      reads: readDatabase,
      batchInit: config.BATCH_INIT,
      onStockChanged: waiting.serve,
    }),
    steps: [
      reserveStock,
      settleReservation((compensated, itemIds, forgotten) => {
        for (const saga_id of forgotten) {
          log.error(
            { saga_id },
            'payment rejects a saga whose units were sold: it has forgotten the charge. See the audit',
          );
        }
        compensations.inc(compensated);
        waiting.serve(itemIds);
      }),
    ],
    async stop() {
      await undecided.stop();
      await waiting.stop();
    },
  };
});
