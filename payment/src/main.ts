import { runParticipant } from '../../shared/service/run-participant';
import { settings } from './config';
import { routes } from './http';
import { chargePayment } from './saga/3-charge-payment/step';

void runParticipant('payment', settings, ({ config, httpDatabase, readDatabase }) => ({
  routes: routes({ database: httpDatabase, reads: readDatabase, batchInit: config.BATCH_INIT }),
  steps: [chargePayment],
}));
