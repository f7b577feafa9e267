import { type Decoded, decodeBatch } from '../contract/cloudevents';
import { eventsFor, type SagaEvent } from '../contract/events';
import type { Logger } from '../observe/log';
import { duplicates, startAtZero, stepBatchSize, stepDuration } from '../observe/metrics';
import { traceId, withSpan } from '../observe/trace';
import type { Outbox } from '../outbox/outbox';
import type { Delivery } from '../rabbit/consumer';
import { smartBatch } from '../service/batch';
import type { DeadLetters } from './dead-letters';
import { type Malformed, openParking } from './parking';
import { retryThroughOutages } from './retry';
import type { Step, StepOutcome } from './step';

/**
 * Delivery → transaction → step → acknowledgement. Its guarantees: a message is acknowledged only after its events are
 * committed or parked; whatever keeps the database
 * from being used delays messages and loses none; and an event that cannot be handled is
 * parked alone while the rest of its batch goes on.
 */
export interface Inbox {
  onDelivery(delivery: Delivery): void;
  /** Call it after the last delivery. Resolves when every delivery is acknowledged or abandoned. */
  close(): Promise<void>;
}

export function openInbox(options: {
  step: Step;
  outbox: Outbox;
  deadLetters: DeadLetters;
  log: Logger;
  batchSize: number;
  batchesInFlight: number;
}): Inbox {
  const { step, outbox, deadLetters } = options;
  const log = options.log.child({ step: step.queue });
  const accepted = eventsFor(step.queue);
  const stopping = new AbortController();
  const parking = openParking({ queue: step.queue, deadLetters, log, signal: stopping.signal });
  startAtZero(step.queue);

  async function commit(events: readonly SagaEvent[]): Promise<void> {
    const stopTimer = stepDuration.startTimer({ step: step.queue });
    const spans = events.map((event) => withSpan(`${step.queue} process`, 'consumer', event.traceparent));
    const traced = events.map((event, i) => ({ ...event, traceparent: spans[i]?.traceparent }) as SagaEvent);
    try {
      const outcome = await outbox.transaction((tx) => step.run(tx, traced));
      stepBatchSize.observe({ step: step.queue }, events.length);
      duplicates.inc({ step: step.queue }, outcome.duplicates);
      for (const span of spans) {
        span.end();
      }
      if (log.isLevelEnabled('debug')) {
        for (const { type, traceparent, data } of traced) {
          log.debug(
            { event: type, saga_id: data.saga_id, trace_id: traceId(traceparent) },
            'handled an event',
          );
        }
      }
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

  /** Never fails: if the work after a commit fails, the committed events must not be handled again. */
  async function followUp({ afterCommit }: StepOutcome): Promise<void> {
    try {
      await afterCommit?.();
    } catch (error) {
      log.error({ err: error }, 'the work after a commit failed; the transaction stays committed');
    }
  }

  /** Commits every event that can be committed and parks the others. Rejects only when the service stops. */
  async function handle(events: readonly SagaEvent[], failedBefore = false): Promise<void> {
    try {
      await retryThroughOutages(() => commit(events), { step: step.queue, log, signal: stopping.signal });
    } catch (error) {
      if (stopping.signal.aborted) {
        throw error;
      }
      if (!failedBefore) {
        return handle(events, true);
      }
      const [only] = events;
      if (events.length === 1 && only) {
        return parking.parkEvent(only, error);
      }
      const middle = Math.floor(events.length / 2);
      await handle(events.slice(0, middle), true);
      await handle(events.slice(middle), true);
    }
  }

  const batches = smartBatch<SagaEvent, void>({
    max: options.batchSize,
    inFlight: options.batchesInFlight,
    async run(events) {
      await handle(events);
      return [];
    },
  });

  async function receive(delivery: Delivery): Promise<void> {
    const parts = decode(delivery.body);
    const events = parts.flatMap((part) => ('event' in part ? [batches.submit(part.event)] : []));
    const malformed = parts.flatMap((part) => ('event' in part ? [] : [part]));
    await Promise.all([parking.parkMalformed(malformed, delivery.body), ...events]);
    delivery.ack();
  }

  function decode(body: Buffer): (Decoded | Malformed)[] {
    try {
      return decodeBatch(body.toString(), accepted);
    } catch (error) {
      return [{ body, error: (error as SyntaxError).message }];
    }
  }

  const receiving = new Set<Promise<void>>();

  return {
    onDelivery(delivery) {
      const received = receive(delivery)
        .catch((error) => {
          if (stopping.signal.aborted) {
            return;
          }
          log.error({ err: error }, 'could not handle a delivery; it stays unacked until its channel closes');
        })
        .finally(() => receiving.delete(received));
      receiving.add(received);
    },
    async close() {
      stopping.abort();
      await Promise.all(receiving);
    },
  };
}
