import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/**
 * The metrics that every service has; a service's own are in its src/metrics.ts. A label takes its values from a list
 * that is known in advance (a route, a step, a queue) and never from a request, because each new value is a time series
 * that Prometheus keeps for weeks.
 */
export const registry = new Registry();

collectDefaultMetrics({ register: registry });

/** For a metric's `registers`. */
export const registers = [registry];

/** The causes that `stepRetries` can have: those of shared/postgres/errors.ts, but for the work's own fault. */
const RETRY_CAUSES = ['locked', 'unreachable', 'refused', 'schema', 'other'];

/** Buckets in seconds, from a millisecond to the longest wait of a request. */
export const FAST = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25];

export const httpDuration = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Time from receiving the head of a request to sending the answer, by route template.',
  labelNames: ['method', 'route', 'status_code'] as const,
  buckets: FAST,
  registers,
});

export const httpInFlight = new Gauge({
  name: 'http_requests_in_flight',
  help: 'Requests that have arrived and are not answered yet.',
  registers,
});

export const requestsShed = new Counter({
  name: 'http_requests_shed_total',
  help: 'Requests answered 503 because there was more to do than can be done in time, by the limit that was reached.',
  labelNames: ['limit'] as const,
  registers,
});
for (const limit of ['reads', 'writes', 'line', 'row', 'pool']) {
  requestsShed.inc({ limit }, 0);
}

export const stepDuration = new Histogram({
  name: 'saga_step_duration_seconds',
  help: 'Time a saga step takes for one batch of events, from delivery to commit.',
  labelNames: ['step'] as const,
  buckets: FAST,
  registers,
});

export const stepBatchSize = new Histogram({
  name: 'saga_step_batch_size',
  help: 'Events that a saga step handled in one transaction.',
  labelNames: ['step'] as const,
  buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
  registers,
});

export const duplicates = new Counter({
  name: 'saga_duplicates_total',
  help: 'Events that a step had already handled, or that belong to a saga which has ended.',
  labelNames: ['step'] as const,
  registers,
});

export const deadLettered = new Counter({
  name: 'saga_dead_lettered_total',
  help: 'Events parked in a dead-letter queue: they failed even alone, or break the contract.',
  labelNames: ['queue'] as const,
  registers,
});

export const stepRetries = new Counter({
  name: 'saga_step_retries_total',
  help: 'Batches that a step kept and tried again, by what kept the database from being used.',
  labelNames: ['step', 'cause'] as const,
  registers,
});

export const deferrals = new Counter({
  name: 'saga_deferrals_total',
  help: 'Times an event was set aside because another session held a lock on a row that it needs.',
  labelNames: ['queue'] as const,
  registers,
});

export const deferredEvents = sampled(
  'saga_deferred_events',
  'Events set aside until a row that they need is no longer locked by another session.',
);

export const deferredOldestAge = sampled(
  'saga_deferred_oldest_age_seconds',
  'How long the oldest of these events has been set aside; 0 when there is none.',
);

export const topologyRepaired = new Counter({
  name: 'broker_topology_repaired_total',
  help: 'Exchanges and queues that were there before, were missing, and have been declared again.',
  labelNames: ['name'] as const,
  registers,
});

export const topologyProblems = new Gauge({
  name: 'broker_topology_problems',
  help: 'Exchanges, queues and bindings that were not as they should be at the last look, and could not be put right.',
  registers,
});

export const outboxPending = sampled(
  'saga_outbox_pending',
  'Outbox rows that the broker has not confirmed yet, or has confirmed a moment ago.',
);

export const outboxOldestAge = sampled(
  'saga_outbox_oldest_age_seconds',
  'Age of the oldest outbox row, which the broker has not confirmed yet, or has confirmed a moment ago; 0 when there is none.',
);

/**
 * Creates the series of a step at zero. If a series first appears with the value 1, Prometheus' rate() and increase()
 * do not see that event.
 */
export function startAtZero(step: string): void {
  stepDuration.zero({ step });
  stepBatchSize.zero({ step });
  duplicates.inc({ step }, 0);
  deadLettered.inc({ queue: step }, 0);
  deferrals.inc({ queue: step }, 0);
  for (const cause of RETRY_CAUSES) {
    stepRetries.inc({ step, cause }, 0);
  }
}

/** Lets all gauges of a scrape share one reading: a call while a reading runs returns that reading. */
export function sharedReading<T>(read: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= read().finally(() => {
      running = undefined;
    });
    return running;
  };
}

/** Well below Prometheus' scrape timeout. */
const READING_MS = 1_000;

/**
 * A gauge that is read when Prometheus scrapes. It appears once a service has set its source, and it is left out of a
 * scrape if reading it fails: a missing value is better than a stale one, and the other metrics are still exported.
 */
export function sampled(name: string, help: string) {
  let read: () => Promise<number> | number;
  return {
    from(source: () => Promise<number> | number): void {
      read = source;
      if (registry.getSingleMetric(name) === undefined) {
        registry.registerMetric(new Gauge({ name, help, registers: [], collect }));
      }
    },
  };

  async function collect(this: Gauge): Promise<void> {
    try {
      const late = sleep(READING_MS, undefined, { ref: false }).then(() => Promise.reject(new Error('late')));
      this.set(await Promise.race([read(), late]));
    } catch {
      this.remove();
    }
  }
}
