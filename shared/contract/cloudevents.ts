import { z } from 'zod';
import { contract, type EventType, eventTypes, type SagaEvent, serviceOf } from './events';

/**
 * The wire form: a message is a batch, a JSON array of CloudEvents 1.0
 * (https://github.com/cloudevents/spec, JSON event format, section 4) with the distributed tracing extension.
 *
 * `source` and `id` together name an event, and a step that is asked twice emits the stored outcome again, so
 * both are derived from the saga: a repetition carries the same identity as the first.
 */
export const BATCH_CONTENT_TYPE = 'application/cloudevents-batch+json';

/** A message ends with its 256th event, or before the event with which it would pass 256 KiB. */
export const MAX_EVENTS_PER_MESSAGE = 256;
const MAX_MESSAGE_LENGTH = 256 * 1024;

const traceparent = z.string().regex(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);

const envelopes = eventTypes.map((type) =>
  z.object({ specversion: z.literal('1.0'), type: z.literal(type), traceparent, data: contract[type].data }),
);
const envelope = z.discriminatedUnion('type', envelopes as [(typeof envelopes)[0]]);

/** Writes events, all of one type, as the bodies of as many messages as it takes. */
export function encodeBatches(events: readonly SagaEvent[], time: string): string[] {
  const batches: string[][] = [];
  let length = 0;
  for (const event of events) {
    const text = encode(event, time);
    length += text.length;
    const batch = batches.at(-1);
    if (batch && batch.length < MAX_EVENTS_PER_MESSAGE && length <= MAX_MESSAGE_LENGTH) {
      batch.push(text);
    } else {
      batches.push([text]);
      length = text.length;
    }
  }
  return batches.map((batch) => `[${batch.join()}]`);
}

/** Writes events, all of one type and few, as the body of one message. */
export function encodeBatch(events: readonly SagaEvent[], time: string): string {
  return `[${events.map((event) => encode(event, time)).join()}]`;
}

function encode({ type, traceparent, data }: SagaEvent, time: string): string {
  return JSON.stringify({
    specversion: '1.0',
    id: `${data.saga_id}/${type}`,
    source: `/${serviceOf(type)}`,
    type,
    subject: data.order_id,
    time,
    traceparent,
    data,
  });
}

/** Far more than any step writes, and few enough for each malformed one to be parked by itself. */
const MAX_ELEMENTS = 10_000;

export type Decoded = { event: SagaEvent } | { invalid: unknown; error: string };

/**
 * Reads the body of a message. Each element stands or falls by itself, so that one malformed event does not
 * take its neighbours along.
 * @throws SyntaxError when the body is not a JSON array, or too long a one, and nothing in it is told apart
 */
export function decodeBatch(body: string, accepted: readonly EventType[]): Decoded[] {
  const elements: unknown = JSON.parse(body);
  if (!Array.isArray(elements)) {
    throw new SyntaxError('the body of a message must be a JSON array of CloudEvents');
  }
  if (elements.length > MAX_ELEMENTS) {
    throw new SyntaxError(`the body of a message must hold no more than ${MAX_ELEMENTS} CloudEvents`);
  }
  return elements.map((element) => {
    const read = envelope.safeParse(element);
    if (!read.success) {
      return { invalid: element, error: z.prettifyError(read.error) };
    }
    const { type, traceparent, data } = read.data;
    if (!accepted.includes(type)) {
      return { invalid: element, error: `this queue does not hear ${type}` };
    }
    return { event: { type, traceparent, data } as SagaEvent };
  });
}
