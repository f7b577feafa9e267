import { setTimeout as sleep } from 'node:timers/promises';
import type { SagaEvent } from '../contract/events';
import type { Logger } from '../observe/log';
import { duplicates, stepBatchSize, stepDuration, stepRetries } from '../observe/metrics';
import { traceId, withSpan } from '../observe/trace';
import type { Outbox } from '../outbox/outbox';
import { causeOf } from '../postgres/errors';
import type { Caution } from './caution';
import { recordDeferrals, type Task } from './deferrals';
import type { Parking } from './parking';
import { retryDelays } from './retry';
import type { Step, StepOutcome } from './step';

const NOTHING: StepOutcome = { emit: [], duplicates: 0 };

/**
 * Handles a batch of events, whatever happens meanwhile. What fails decides what becomes of it:
 *
 *     a lock is not had in time        the events that need it are deferred, and the others are handled
 *     an event itself is at fault      it is parked alone, and the others are handled
 *     anything else                    the whole batch is kept and tried again, for as long as it takes
 *
 * @param options.signal stops the attempts: the broker redelivers what is not handled by then
 * @returns a function that resolves when each event is committed, deferred or parked; it rejects only when the service
 *   stops
 */
export function openHandler(options: {
  step: Step;
  outbox: Outbox;
  parking: Parking;
  caution: Caution;
  log: Logger;
  signal: AbortSignal;
}): (tasks: readonly Task[]) => Promise<void> {
  const { step, outbox, parking, caution, log, signal } = options;
  const { queue } = step;

  async function handle(tasks: readonly Task[], failedBefore = false): Promise<void> {
    let attempt = commit;
    for (const delay of retryDelays()) {
      try {
        return await attempt(tasks);
      } catch (error) {
        if (signal.aborted) {
          throw error;
        }
        const cause = causeOf(error);
        if (cause === 'work') {
          return isolate(tasks, error, failedBefore);
        }
        stepRetries.inc({ step: queue, cause });
        if (cause === 'locked' && !caution.isAdvised()) {
          log.warn({ err: error }, 'another session holds a lock; looking for the events that need it');
          caution.advise();
          continue;
        }
        // Nobody can see who needs the lock: it is on a row that is not committed yet, such as a key that somebody else is
        // inserting, or on a whole table.
        if (cause === 'locked' && tasks.length > 1) {
          return halve(tasks, failedBefore);
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

  async function halve(tasks: readonly Task[], failedBefore: boolean): Promise<void> {
    const middle = Math.floor(tasks.length / 2);
    await handle(tasks.slice(0, middle), failedBefore);
    await handle(tasks.slice(middle), failedBefore);
  }

  async function defer(tasks: readonly Task[]): Promise<void> {
    const blocked = new Map(tasks.map((task) => [task, 'a row that is not committed yet, or a whole table']));
    await outbox.transaction(async (tx) => {
      await recordDeferrals(tx, queue, { handled: [], blocked });
      return NOTHING;
    });
  }

  /** A batch that fails twice is halved until the event at fault stands alone. */
  async function isolate(tasks: readonly Task[], error: unknown, failedBefore: boolean): Promise<void> {
    const [only] = tasks;
    if (!failedBefore) {
      return handle(tasks, true);
    }
    if (tasks.length === 1 && only) {
      await parking.parkEvent(only.event, error);
      return forget(only);
    }
    await halve(tasks, true);
  }

  /** If this fails, the event is parked once more after its lease: two copies are better than none. */
  async function forget(task: Task): Promise<void> {
    if (task.deferral !== undefined) {
      await outbox.transaction(async (tx) => {
        await recordDeferrals(tx, queue, { handled: [task], blocked: new Map() });
        return NOTHING;
      });
    }
  }

  async function commit(tasks: readonly Task[]): Promise<void> {
    const stopTimer = stepDuration.startTimer({ step: queue });
    const spans = tasks.map(({ event }) => withSpan(`${queue} process`, 'consumer', event.traceparent));
    const events = tasks.map(
      ({ event }, i) => ({ ...event, traceparent: spans[i]?.traceparent }) as SagaEvent,
    );
    try {
      const { outcome, handled } = await outbox.transaction((tx) => run(tasks, events, tx));
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

  async function run(tasks: readonly Task[], events: readonly SagaEvent[], tx: Parameters<Step['run']>[0]) {
    if (!caution.isAdvised() && tasks.every(({ deferral }) => deferral === undefined)) {
      const outcome = await step.run(tx, events);
      return { emit: outcome.emit, outcome, handled: events };
    }
    const rows = await step.findBlocked(tx, events);
    const blocked = new Map<Task, string>();
    const handled: Task[] = [];
    tasks.forEach((task, i) => {
      const row = rows.get(events[i] as SagaEvent);
      if (row === undefined) {
        handled.push(task);
      } else {
        blocked.set(task, row);
      }
    });
    if (blocked.size > 0) {
      caution.advise();
    }
    const free = events.filter((event) => !rows.has(event));
    const outcome = free.length > 0 ? await step.run(tx, free, true) : NOTHING;
    await recordDeferrals(tx, queue, { handled, blocked });
    return { emit: outcome.emit, outcome, handled: free };
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

  return (tasks) => handle(tasks);
}
