import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { decodeBatch, MAX_EVENTS_PER_MESSAGE } from '../../shared/contract/cloudevents';
import { eventsFor } from '../../shared/contract/events';
import { type Cause, causeOf, type Headers } from './dead-letter-cause';

/** A message that could not be handled, as it is in a dead-letter queue. */
export interface DeadLetter extends Cause {
  /** Derived from the queue, the body and the time of parking, so it is the same each time the queue is read. */
  readonly id: string;
  /** Derived from the queue and the body alone: it stays the same when the message is redriven and parked again. */
  readonly content_id: string;
  /** The queue whose step could not handle it. */
  readonly queue: string;
  /** The events that can be read from it, at most 256. A dead letter may contain anything. */
  readonly events: readonly DeadLetterEvent[];
  /** Whether it follows the contract. If not, any queue parks it again. */
  readonly sound: boolean;
  /** Bytes. */
  readonly size: number;
}

export interface DeadLetterEvent {
  readonly type: string | undefined;
  readonly saga_id: string | undefined;
  readonly order_id: string | undefined;
}

/** A part of the wrong type counts as missing. */
const text = z.string().optional().catch(undefined);
const uuid = z.guid().toLowerCase().optional().catch(undefined);
const event = z
  .object({ type: text, data: z.object({ saga_id: uuid, order_id: text }).catch({}) })
  .catch({ data: {} });

export function readDeadLetter(queue: string, body: Buffer, headers: Headers): DeadLetter {
  const cause = causeOf(headers);
  return {
    id: digest(queue, cause.parked_at ?? '', body).slice(0, 16),
    content_id: digest(queue, '', body).slice(0, 32),
    queue,
    ...cause,
    ...readEvents(queue, body),
    size: body.length,
  };
}

function digest(queue: string, parkedAt: string, body: Buffer): string {
  return createHash('sha256').update(`${queue}\n${parkedAt}\n`).update(body).digest('hex');
}

function readEvents(queue: string, body: Buffer): Pick<DeadLetter, 'events' | 'sound'> {
  try {
    const elements: unknown = JSON.parse(body.toString());
    if (!Array.isArray(elements)) {
      return { events: [], sound: false };
    }
    const events = elements.slice(0, MAX_EVENTS_PER_MESSAGE).map((element) => {
      const { type, data } = event.parse(element);
      return { type, saga_id: data.saga_id, order_id: data.order_id };
    });
    const decoded = decodeBatch(body.toString(), eventsFor(queue));
    return { events, sound: decoded.length > 0 && decoded.every((part) => 'event' in part) };
  } catch {
    return { events: [], sound: false };
  }
}

export function sagaIdsOf({ events }: DeadLetter): string[] {
  return [...new Set(events.flatMap(({ saga_id }) => saga_id ?? []))];
}

/** Returns the body as text if it is UTF-8, and otherwise in base64. */
export function readBody(body: Buffer): { body: string; encoding: 'utf8' | 'base64' } {
  return isUtf8(body)
    ? { body: body.toString(), encoding: 'utf8' }
    : { body: body.toString('base64'), encoding: 'base64' };
}
