import { z } from 'zod';
import { contract, type EventType, eventTypes, type SagaEvent, serviceOf } from './events';

/**
 * The wire format: a message is a batch, a JSON array of CloudEvents 1.0
 * (https://github.com/cloudevents/spec, JSON event format, section 4) with the distributed tracing extension.
 *
 * `source` and `id` together identify an event. A step that gets an event twice emits the stored outcome again. Both
 * are derived from the saga, so that the repeated event has the same identity as the original.
 */
export const BATCH_CONTENT_TYPE = 'application/cloudevents-batch+json';

/** A message has at most 256 events, and ends before an event that would take it past 256 KiB. */
export const MAX_EVENTS_PER_MESSAGE = 256;
const MAX_MESSAGE_LENGTH = 256 * 1024;

const traceparent = z.string().regex(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);

const envelopes = eventTypes.map((type) =>
  z.object({ specversion: z.literal('1.0'), type: z.literal(type), traceparent, data: contract[type].data }),
);
const envelope = z.discriminatedUnion('type', envelopes as [(typeof envelopes)[0]]);

/** Encodes events of one type as message bodies, as many as it takes. */
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

/** Encodes a few events of one type as the body of one message. */
export function encodeBatch(events: readonly SagaEvent[], time: string): string {
  return `[${events.map((event) => encode(event, time)).join()}]`;
}

function encode({ type, traceparent, data }: SagaEvent, time: string): string {
  return JSON.stringify({
    specversion: '1.0',
    id: `${data.saga_id}/${type}`,
    source: `/${serviceOf(type)}`,
    type,
    time,
    traceparent,
    data,
  });
}

/** Far more than any step writes, but few enough to park each malformed one on its own. */
const MAX_ELEMENTS = 10_000;

export type Decoded = { event: SagaEvent } | { invalid: unknown; error: string };

/**
 * Decodes the body of a message. Each element is checked on its own, so one malformed event does not affect
 * the others in its message.
 * @throws SyntaxError when the body is not a JSON array or has too many elements: then none of them is decoded
 */
export function decodeBatch(body: string, accepted: readonly EventType[]): Decoded[] {
  const elements: unknown = JSON.parse(body);
  if (!Array.isArray(elements)) {
    throw new SyntaxError('the body of a message must be a JSON array of CloudEvents');
  }
  if (elements.length > MAX_ELEMENTS) {
    throw new SyntaxError(`the body of a message must have at most ${MAX_ELEMENTS} CloudEvents`);
  }
  return elements.map((element) => {
    const read = envelope.safeParse(element);
    if (!read.success) {
      return { invalid: element, error: z.prettifyError(read.error) };
    }
    const { type, traceparent, data } = read.data;
    if (!accepted.includes(type)) {
      return { invalid: element, error: `this queue does not accept ${type}` };
    }
    return { event: { type, traceparent, data } as SagaEvent };
  });
}
