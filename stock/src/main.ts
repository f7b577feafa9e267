import { runService } from '../../shared/service/run-service';
import { settings } from './config';
import { routes } from './http';
import { compensations } from './metrics';
import { reserveStock } from './saga/2-reserve-stock/step';
import { settleReservation } from './saga/4-settle-reservation/step';
import { openWaiting } from './waiting-sagas';

void runService('stock', settings, (core) => {
  const { config, httpDatabase, readDatabase } = core;
  const waiting = openWaiting(core);
  return {
    routes: routes({
      database: httpDatabase,
      reads: readDatabase,
      batchInit: config.BATCH_INIT,
      onStockChanged: waiting.serve,
    }),
    steps: [
      reserveStock,
      settleReservation((compensated, itemIds) => {
        compensations.inc(compensated);
        waiting.serve(itemIds);
      }),
    ],
    stop: waiting.stop,
  };
});
