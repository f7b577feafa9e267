import { Counter } from 'prom-client';
import { registers } from './metrics';

/** Only services that ask have it. */
export const decisionsRequested = new Counter({
  name: 'saga_decisions_requested_total',
  help: 'Questions about sagas that have waited too long for a decision.',
  registers,
});
