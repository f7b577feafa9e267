import { Counter, Histogram } from 'prom-client';
import { FAST, registers, sampled } from '../../shared/observe/metrics';

export const sagaDuration = new Histogram({
  name: 'saga_duration_seconds',
  help: 'Time from the opening of a checkout saga to its end, by outcome (paid, or the reason why it failed).',
  labelNames: ['outcome'] as const,
  buckets: FAST,
  registers,
});

export const sagaInFlight = sampled('saga_in_flight', 'Checkout sagas that have not ended.');

export const sagaOldest = sampled(
  'saga_oldest_in_flight_seconds',
  'Age of the oldest checkout saga that has not ended; 0 if there is none.',
);

export const admissionRefused = new Counter({
  name: 'saga_admission_refused_total',
  help: 'Checkouts that were answered 429 and not started.',
  registers,
});

export const answeredLate = new Counter({
  name: 'saga_answered_late_total',
  help: 'Checkouts that were answered 202 because their saga did not end while the client waited.',
  registers,
});

export const answeredLocked = new Counter({
  name: 'saga_answered_locked_total',
  help: 'Checkouts that were not started, because another session held a lock they need while the client waited.',
  registers,
});
