import { gzipSync } from 'node:zlib';
import type { Options } from 'amqplib';
import { event, type HostileMessage, parked } from './events';

/** Messages of which not even the frame can be trusted: bodies, properties and batches. */
const SETTLE = 'stock.settle';
const good = JSON.stringify(event('payment.captured', {}));
const deep = (open: string, close: string) => open.repeat(100_000) + close.repeat(100_000);
const NO_JSON: Record<string, string> = {
  nothing: '',
  'a byte order mark': '\xef\xbb\xbf[]',
  'a start without an end': `[${good}`,
  'an end too many': `[${good}]]`,
  'a comma too many': `[${good},]`,
  'single quotes': `[{'type':'payment.captured'}]`,
  'a comment': `/* */[${good}]`,
  NaN: '[NaN]',
  'two batches': `[${good}][${good}]`,
  'a line for each event': `${good}\n${good}`,
  'bytes that are no text': '\xff\xfe\x00\x80',
  'UTF-16': Buffer.from(`[${good}]`, 'utf16le').toString('latin1'),
  'compressed text': gzipSync(`[${good}]`).toString('latin1'),
  XML: '<?xml version="1.0"?><event type="payment.captured"/>',
  'a pickled object': '\x80\x04\x95\x00cos\nsystem\n',
  'a megabyte of zeros': '\0'.repeat(1_048_576),
  'eight megabytes of blanks': ' '.repeat(8_388_608),
  'brackets that never close': '['.repeat(100_000),
  'a NUL in a string': '["\0"]',
};
const NO_BATCH: Record<string, string> = {
  'an event without its batch': good,
  null: 'null',
  'a string': JSON.stringify(`[${good}]`),
  'a number': '1e400',
  'a list with a length only': '{"length":1,"0":{}}',
  'a prototype that is a list': '{"__proto__":[]}',
};
const NO_EVENT: Record<string, [string, RegExp]> = {
  null: ['[null]', /expected object/],
  'a number': ['[7]', /expected object/],
  'a batch in a batch': [`[[${good}]]`, /expected object/],
  'an event whose prototype says what it is': [`[{"__proto__":${good}}]`, /discriminator/],
  'an event whose constructor does': [`[{"constructor":{"prototype":${good}}}]`, /discriminator/],
  'data whose prototype has them': [
    JSON.stringify([event('payment.captured', {}, { data: {} })]).replace('{}', '{"__proto__":{"amount":1}}'),
    /data\.saga_id/,
  ],
  'one key twice': [`[${good.replace('"amount":1', '"amount":1,"amount":-1')}]`, /data\.amount/],
  'an amount past what a double holds': [`[${good.replace('"amount":1', '"amount":1e400')}]`, /data\.amount/],
  'an amount of thirty digits': [
    `[${good.replace('"amount":1', `"amount":${'9'.repeat(30)}`)}]`,
    /data\.amount/,
  ],
  'an order id that is no text': [`[${good.replace('@open@', '\xff\xfe')}]`, /data\.order_id/],
  'an order id of half a character': [`[${good.replace('@open@', '\\ud800')}]`, /data\.order_id/],
  'a list 100,000 deep': [`[${deep('[', ']')}]`, /expected object/],
  'an object 100,000 deep': [`[${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}]`, /discriminator/],
  'data 100,000 deep': [`[${good.replace('"amount":1', `"amount":${deep('[', ']')}`)}]`, /data\.amount/],
  'eight megabytes of an id': [`[${good.replace('@open@', 'x'.repeat(8_388_608))}]`, /data\.order_id/],
  '200,000 lines that are none': [
    `[${JSON.stringify(event('order.checkout_requested', { lines: Array(200_000).fill(1) }))}]`,
    /./,
  ],
};
const bodies = (table: Record<string, string>, cause: RegExp) =>
  Object.entries(table).map(([name, body]) => parked(name, SETTLE, body, cause));

const PROPERTIES: Record<string, Options.Publish> = {
  'another content type': { contentType: 'application/xml' },
  'the content type of one event': { contentType: 'application/cloudevents+json' },
  'a content type of 255 characters': { contentType: 'x'.repeat(255) },
  'a content encoding': { contentEncoding: 'gzip' },
  'another charset': { contentType: 'application/cloudevents-batch+json; charset=utf-7' },
  'an event in the headers': {
    headers: { 'cloudEvents:type': 'payment.captured', 'cloudEvents:specversion': '1.0' },
  },
  'a header of 60,000 characters': { headers: { long: 'x'.repeat(60_000) } },
  '2,000 headers': { headers: Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`h${n}`, n])) },
  'a header that is a prototype': {
    headers: JSON.parse('{"__proto__":{"polluted":true},"constructor":"x"}'),
  },
  'headers that say it was parked': {
    headers: { 'x-parked-from': 'order.settle', 'x-error': 'none', 'x-parked-at': 'never' },
  },
  'headers that say it died': { headers: { 'x-death': [{ reason: 'expired', queue: 'x', count: 99 }] } },
  'a header that says it was delivered 99 times': { headers: { 'x-delivery-count': 99 } },
  'a number that somebody else waits for': { messageId: '1', correlationId: '1' },
  'an answer wanted in another queue': { replyTo: 'order.settle' },
  'a date of long ago and no care': { timestamp: 0, deliveryMode: 1, priority: 9, expiration: '600000' },
};
const WRONG_PROPERTIES = Object.entries(PROPERTIES).map(([name, options], n) =>
  parked(name, SETTLE, `["${n}"]`, /expected object/, options),
);

const stranger = (n: number) =>
  event('payment.captured', { saga_id: `00000000-0000-4000-9000-${String(n).padStart(12, '0')}` });
const many = <T>(count: number, make: (n: number) => T) =>
  JSON.stringify(Array.from({ length: count }, (_, n) => make(n)));
const BATCHES: HostileMessage[] = [
  parked(
    'two million that are no events',
    SETTLE,
    many(2_000_000, () => 1),
    /no more than 10000/,
  ),
  {
    ...parked(
      '2,000 that are no events',
      'order.settle',
      many(2_000, (n) => n),
      /expected object/,
    ),
    letters: 2_000,
  },
  {
    ...parked(
      '300 captures of sagas that nobody opened',
      SETTLE,
      many(300, stranger),
      /reservation is missing/,
    ),
    letters: 300,
  },
  {
    ...parked(
      'the same forged capture twice',
      SETTLE,
      many(2, () => stranger(1_000)),
      /reservation is missing/,
    ),
    letters: 2,
  },
];

export const BODIES: Record<string, HostileMessage[]> = {
  'bodies that are no JSON': bodies(NO_JSON, /JSON|Unexpected|token|position/),
  'JSON that is no batch': bodies(NO_BATCH, /must be a JSON array/),
  'batches of what is no event': Object.entries(NO_EVENT).map(([name, [body, cause]]) =>
    parked(name, SETTLE, body, cause),
  ),
  'properties and headers that lie': WRONG_PROPERTIES,
  'batches that are large': BATCHES,
};
