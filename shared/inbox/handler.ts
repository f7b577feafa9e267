import { setTimeout as sleep } from 'node:timers/promises';
import type { SagaEvent } from '../contract/events';
import type { Logger } from '../observe/log';
import { duplicates, stepBatchSize, stepDuration, stepRetries } from '../observe/metrics';
import { isTracing, traceId, withSpan } from '../observe/trace';
import type { Outbox } from '../outbox/outbox';
import { causeOf } from '../postgres/errors';
import { type Manner, NOBODY, NOTHING, openAttempt } from './attempt';
import type { Caution } from './caution';
import { recordDeferrals, type Task } from './deferrals';
import type { Parking } from './parking';
import { retryDelays } from './retry';
import type { Step, StepOutcome } from './step';

export type Handle = (tasks: readonly Task[], manner?: Manner) => Promise<void>;

/**
 * Handles a batch of events, whatever happens meanwhile. What fails decides what becomes of it:
 *
 *     a lock is not had in time        the events that need it are deferred, and the others are handled
 *     an event itself is at fault      it is parked alone, and the others are handled
 *     anything else                    the whole batch is kept and tried again, for as long as it takes
 *
 * @param options.onDeferred called when delivered events have been deferred
 * @param options.signal stops the attempts: the broker redelivers what is not handled by then
 * @returns a function that resolves when each event is committed, deferred or parked; it rejects only when the service
 *   stops
 */
export function openHandler(options: {
  step: Step;
  outbox: Outbox;
  parking: Parking;
  caution: Caution;
  onDeferred(): void;
  log: Logger;
  signal: AbortSignal;
}): Handle {
  const { step, outbox, parking, caution, log, signal } = options;
  const { queue } = step;
  const run = openAttempt(step, caution);

  async function handle(tasks: readonly Task[], manner: Manner, failedBefore = false): Promise<void> {
    let attempt = commit;
    for (const delay of retryDelays()) {
      try {
        return await attempt(tasks, manner);
      } catch (error) {
        const cause = causeOf(error);
        const wasCautious = caution.isAdvised();
        if (cause === 'locked') {
          caution.advise(manner.waitFor);
        }
        // Even when the service stops, so that another replica need not wait for the lease.
        if (cause === 'locked' && manner.waitFor !== undefined) {
          return handle(tasks, { ...manner, waitFor: undefined }, failedBefore);
        }
        if (signal.aborted) {
          throw error;
        }
        if (cause === 'work') {
          return isolate(tasks, manner, error, failedBefore);
        }
        stepRetries.inc({ step: queue, cause });
        if (cause === 'locked' && !wasCautious) {
          log.warn({ err: error }, 'another session holds a lock; looking for the events that need it');
          continue;
        }
        // Nobody can see who needs the lock: it is on a row that is not committed yet, such as a key that somebody else is
        // inserting, or on a whole table.
        if (cause === 'locked' && tasks.length > 1) {
          return halve(tasks, manner, failedBefore);
        }
        if (cause === 'locked' && attempt === commit) {
          attempt = defer;
          continue;
        }
        log.warn(
          { err: error, cause, retry_in_ms: delay },
          'the database could not be used; keeping the batch',
        );
        await sleep(delay * (0.5 + Math.random() / 2), undefined, { signal });
      }
    }
  }

  async function halve(tasks: readonly Task[], manner: Manner, failedBefore: boolean): Promise<void> {
    const middle = Math.floor(tasks.length / 2);
    await handle(tasks.slice(0, middle), manner, failedBefore);
    await handle(tasks.slice(middle), manner, failedBefore);
  }

  async function defer(tasks: readonly Task[]): Promise<void> {
    const blocked = new Map(tasks.map((task) => [task, 'a row that is not committed yet, or a whole table']));
    await outbox.transaction(async (tx) => {
      await recordDeferrals(tx, queue, { handled: [], blocked });
      return NOTHING;
    });
    announce(tasks);
  }

  function announce(blocked: readonly Task[]): void {
    if (blocked.some(({ deferral }) => deferral === undefined)) {
      options.onDeferred();
    }
  }

  /** A batch that fails twice is halved until the event at fault stands alone. */
  async function isolate(
    tasks: readonly Task[],
    manner: Manner,
    error: unknown,
    failedBefore: boolean,
  ): Promise<void> {
    const [only] = tasks;
    if (!failedBefore) {
      return handle(tasks, manner, true);
    }
    if (tasks.length === 1 && only) {
      await parking.parkEvent(only.event, error);
      return forget(only);
    }
    await halve(tasks, manner, true);
  }

  /** If this fails, the event is parked once more after its lease: two copies are better than none. */
  async function forget(task: Task): Promise<void> {
    if (task.deferral !== undefined) {
      await outbox.transaction(async (tx) => {
        await recordDeferrals(tx, queue, { handled: [task], blocked: NOBODY });
        return NOTHING;
      });
    }
  }

  async function commit(tasks: readonly Task[], manner: Manner): Promise<void> {
    const stopTimer = stepDuration.startTimer({ step: queue });
    const spans = isTracing()
      ? tasks.map(({ event }) => withSpan(`${queue} process`, 'consumer', event.traceparent))
      : [];
    const events = tasks.map(({ event }, i) => {
      const span = spans[i];
      return span === undefined ? event : { ...event, traceparent: span.traceparent };
    });
    try {
      const { outcome, handled, blocked } = await outbox.transaction((tx) => run(tx, tasks, events, manner));
      manner.leave?.(blocked);
      announce(tasks.filter((task) => blocked.has(task)));
      stepBatchSize.observe({ step: queue }, handled.length);
      duplicates.inc({ step: queue }, outcome.duplicates);
      for (const span of spans) {
        span.end();
      }
      logHandled(handled);
      await followUp(outcome);
    } catch (error) {
      for (const span of spans) {
        span.end(error);
      }
      throw error;
    } finally {
      stopTimer();
    }
  }

  function logHandled(events: readonly SagaEvent[]): void {
    if (log.isLevelEnabled('debug')) {
      for (const { type, traceparent, data } of events) {
        log.debug({ event: type, saga_id: data.saga_id, trace_id: traceId(traceparent) }, 'handled an event');
      }
    }
  }

  /** Never fails: if the work after a commit fails, the committed events must not be handled again. */
  async function followUp({ afterCommit }: StepOutcome): Promise<void> {
    try {
      await afterCommit?.();
    } catch (error) {
      log.error({ err: error }, 'the work after a commit failed; the transaction stays committed');
    }
  }

  return (tasks, manner = {}) => handle(tasks, manner);
}
