import { runService } from '../../shared/service';
import { config } from './config';
import { routes } from './http';
import { chargePayment } from './saga/3-charge-payment/step';

void runService('payment', config, ({ database }) => ({
  routes: routes({ database, batchInit: config.BATCH_INIT }),
  steps: [chargePayment],
}));
