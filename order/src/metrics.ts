import { Counter, Histogram } from 'prom-client';
import { FAST, registers, sampled } from '../../shared/observe/metrics';

export const sagaDuration = new Histogram({
  name: 'saga_duration_seconds',
  help: 'Time from opening a checkout saga to its end, by outcome (paid, or the reason of the failure).',
  labelNames: ['outcome'] as const,
  buckets: FAST,
  registers,
});

export const sagaInFlight = sampled('saga_in_flight', 'Checkout sagas that have not ended yet.');

export const sagaOldest = sampled(
  'saga_oldest_in_flight_seconds',
  'Age of the oldest checkout saga that has not ended yet; 0 when there is none.',
);

export const admissionRefused = new Counter({
  name: 'saga_admission_refused_total',
  help: 'Checkouts answered 429 before anything had started.',
  registers,
});

export const answeredLate = new Counter({
  name: 'saga_answered_late_total',
  help: 'Checkouts whose buyer waited and was answered 202, because it had not ended in time.',
  registers,
});
