import { runParticipant } from '../../shared/service/run-participant';
import { settings } from './config';
import { routes } from './http';
import { openLevels, tellingLevels } from './levels';
import { compensations } from './metrics';
import { reserveStock } from './saga/2-reserve-stock/step';
import { settleReservation } from './saga/4-settle-reservation/step';
import { restockItems } from './saga/restock/step';
import { watchUndecided } from './undecided';
import { openWaiting } from './waiting-sagas';

void runParticipant('stock', settings, async (core) => {
  const { config, httpDatabase, readDatabase, topology, log } = core;
  const levels = await openLevels({ database: readDatabase, amqpUrl: config.AMQP_URL, topology, log });
  const waiting = openWaiting({ ...core, onReserved: levels.touch });
  const onStockChanged = (itemIds: readonly string[]) => {
    levels.touch(itemIds);
    waiting.serve(itemIds);
  };
  const undecided = watchUndecided({ ...core, amqpUrl: config.AMQP_URL, askAfterMs: config.ASK_AFTER_MS });
  return {
    routes: routes({
      database: httpDatabase,
      reads: readDatabase,
      batchInit: config.BATCH_INIT,
      onStockChanged,
    }),
    steps: [
      tellingLevels(reserveStock, levels),
      settleReservation(({ compensated, returned, waitedFor, forgotten }) => {
        for (const saga_id of forgotten) {
          log.error(
            { saga_id },
            'payment rejects a saga whose units were sold: it has forgotten the charge. See the audit',
          );
        }
        compensations.inc(compensated);
        levels.touch(returned);
        waiting.serve(waitedFor);
      }),
      restockItems(onStockChanged),
    ],
    async stop() {
      await undecided.stop();
      await waiting.stop();
      await levels.stop();
    },
  };
});
