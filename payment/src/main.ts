import { runService } from '../../shared/service/run-service';
import { settings } from './config';
import { routes } from './http';
import { chargePayment } from './saga/3-charge-payment/step';

void runService('payment', settings, ({ config, httpDatabase, readDatabase }) => ({
  routes: routes({ database: httpDatabase, reads: readDatabase, batchInit: config.BATCH_INIT }),
  steps: [chargePayment],
}));
