import { Counter } from 'prom-client';
import { registers } from '../../shared/observe/metrics';

export const compensations = new Counter({
  name: 'saga_compensations_total',
  help: 'Reservations that were released because payment rejected the checkout.',
  registers,
});
