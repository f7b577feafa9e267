import { setTimeout as sleep } from 'node:timers/promises';
import type { SagaEvent } from '../contract/events';
import type { Logger } from '../observe/log';
import { deadLettered } from '../observe/metrics';
import { traceId } from '../observe/trace';
import type { DeadLetters } from './dead-letters';
import { retryDelays } from './retry';

/** A part of a message that is not a valid event. `body` is the whole message, if it cannot be split. */
export type Malformed = { invalid: unknown; error: string } | { body: Buffer; error: string };

/** Parks what a step cannot handle in the step's dead-letter queue. */
export interface Parking {
  parkEvent(event: SagaEvent, error: unknown): Promise<void>;
  /** @param message the message that the parts came in */
  parkMalformed(parts: readonly Malformed[], message: Buffer): Promise<void>;
}

/**
 * A message is acknowledged only once its events are safe elsewhere, so parking is repeated until the broker confirms.
 * @param options.signal stops the attempts: the broker redelivers what is not parked by then
 */
export function openParking(options: {
  queue: string;
  deadLetters: DeadLetters;
  log: Logger;
  signal: AbortSignal;
}): Parking {
  const { queue, deadLetters, log, signal } = options;

  async function parkUntilTaken(body: string | Buffer, error: unknown): Promise<void> {
    for (const delay of retryDelays()) {
      try {
        await deadLetters.park(queue, body, error);
        deadLettered.inc({ queue });
        return;
      } catch (failure) {
        log.warn({ err: failure, retry_in_ms: delay }, 'could not park an event; trying again');
        await sleep(delay, undefined, { signal });
      }
    }
  }

  return {
    async parkEvent(event, error) {
      const { saga_id } = event.data;
      log.error(
        { err: error, saga_id, trace_id: traceId(event.traceparent), event: event.type },
        'cannot handle an event; parking it',
      );
      await parkUntilTaken(JSON.stringify([{ specversion: '1.0', ...event }]), error);
    },

    /** One after the other, because a hostile message can have any number of elements. */
    async parkMalformed(parts, message) {
      let parkedWhole = false;
      for (const part of parts) {
        log.error({ reason: part.error }, 'a message does not follow the contract; parking it');
        const body = 'body' in part ? part.body : (rewrite(part.invalid) ?? message);
        if (body === message && parkedWhole) {
          continue;
        }
        parkedWhole ||= body === message;
        await parkUntilTaken(body, new SyntaxError(part.error));
      }
    },
  };
}

/** Returns undefined for an element nested too deeply to be serialized: it is parked with its whole message. */
function rewrite(element: unknown): string | undefined {
  try {
    return JSON.stringify([element]);
  } catch {
    return undefined;
  }
}
