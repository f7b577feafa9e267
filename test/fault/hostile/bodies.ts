import { gzipSync } from 'node:zlib';
import type { Options } from 'amqplib';
import { event, type HostileMessage, parked } from './events';

/** Messages with hostile bodies, properties and batches. */
const SETTLE = 'stock.settle';
const good = JSON.stringify(event('payment.captured', {}));
const deep = (open: string, close: string) => open.repeat(100_000) + close.repeat(100_000);
const INVALID_JSON: Record<string, string> = {
  nothing: '',
  'a byte order mark': '\xef\xbb\xbf[]',
  'an unclosed batch': `[${good}`,
  'an extra closing bracket': `[${good}]]`,
  'a trailing comma': `[${good},]`,
  'single quotes': `[{'type':'payment.captured'}]`,
  'a comment': `/* */[${good}]`,
  NaN: '[NaN]',
  'two batches': `[${good}][${good}]`,
  'one line per event': `${good}\n${good}`,
  'bytes that are not text': '\xff\xfe\x00\x80',
  'UTF-16': Buffer.from(`[${good}]`, 'utf16le').toString('latin1'),
  'compressed text': gzipSync(`[${good}]`).toString('latin1'),
  XML: '<?xml version="1.0"?><event type="payment.captured"/>',
  'a pickled object': '\x80\x04\x95\x00cos\nsystem\n',
  'a megabyte of zeros': '\0'.repeat(1_048_576),
  'eight megabytes of spaces': ' '.repeat(8_388_608),
  'brackets that never close': '['.repeat(100_000),
  'a NUL in a string': '["\0"]',
};
const NOT_A_BATCH: Record<string, string> = {
  'an event without a batch': good,
  null: 'null',
  'a string': JSON.stringify(`[${good}]`),
  'a number': '1e400',
  'an object that looks like a list': '{"length":1,"0":{}}',
  'a prototype that is a list': '{"__proto__":[]}',
};
const NOT_AN_EVENT: Record<string, [string, RegExp]> = {
  null: ['[null]', /expected object/],
  'a number': ['[7]', /expected object/],
  'a batch in a batch': [`[[${good}]]`, /expected object/],
  'an event in a prototype': [`[{"__proto__":${good}}]`, /discriminator/],
  'an event in the prototype of a constructor': [`[{"constructor":{"prototype":${good}}}]`, /discriminator/],
  'data in a prototype': [
    JSON.stringify([event('payment.captured', {}, { data: {} })]).replace('{}', '{"__proto__":{"amount":1}}'),
    /data\.saga_id/,
  ],
  'one key twice': [`[${good.replace('"amount":1', '"amount":1,"amount":-1')}]`, /data\.amount/],
  'an amount past the largest double': [`[${good.replace('"amount":1', '"amount":1e400')}]`, /data\.amount/],
  'an amount of thirty digits': [
    `[${good.replace('"amount":1', `"amount":${'9'.repeat(30)}`)}]`,
    /data\.amount/,
  ],
  'an order id that is not text': [`[${good.replace('@open@', '\xff\xfe')}]`, /data\.order_id/],
  'an order id of a lone surrogate': [`[${good.replace('@open@', '\\ud800')}]`, /data\.order_id/],
  'a list 100,000 deep': [`[${deep('[', ']')}]`, /expected object/],
  'an object 100,000 deep': [`[${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}]`, /discriminator/],
  'data 100,000 deep': [`[${good.replace('"amount":1', `"amount":${deep('[', ']')}`)}]`, /data\.amount/],
  'an id of eight megabytes': [`[${good.replace('@open@', 'x'.repeat(8_388_608))}]`, /data\.order_id/],
  '200,000 lines that are not lines': [
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
  'headers that claim it was parked': {
    headers: { 'x-parked-from': 'order.settle', 'x-error': 'none', 'x-parked-at': 'never' },
  },
  'headers that claim it was dead-lettered': {
    headers: { 'x-death': [{ reason: 'expired', queue: 'x', count: 99 }] },
  },
  'a header that claims 99 deliveries': { headers: { 'x-delivery-count': 99 } },
  'a message id and correlation id that are in use': { messageId: '1', correlationId: '1' },
  'a reply-to of another queue': { replyTo: 'order.settle' },
  'an old timestamp, not persistent': { timestamp: 0, deliveryMode: 1, priority: 9, expiration: '600000' },
};
const WRONG_PROPERTIES = Object.entries(PROPERTIES).map(([name, options], n) =>
  parked(name, SETTLE, `["${n}"]`, /expected object/, options),
);

const unknownSaga = (n: number) =>
  event('payment.captured', { saga_id: `00000000-0000-4000-9000-${String(n).padStart(12, '0')}` });
const many = <T>(count: number, make: (n: number) => T) =>
  JSON.stringify(Array.from({ length: count }, (_, n) => make(n)));
const BATCHES: HostileMessage[] = [
  parked(
    'two million elements that are not events',
    SETTLE,
    many(2_000_000, () => 1),
    /must have at most 10000/,
  ),
  {
    ...parked(
      '2,000 elements that are not events',
      'order.settle',
      many(2_000, (n) => n),
      /expected object/,
    ),
    deadLetters: 2_000,
  },
  {
    ...parked('300 captures of unknown sagas', SETTLE, many(300, unknownSaga), /reservation is missing/),
    deadLetters: 300,
  },
  {
    ...parked(
      'the same forged capture twice',
      SETTLE,
      many(2, () => unknownSaga(1_000)),
      /reservation is missing/,
    ),
    deadLetters: 2,
  },
];

export const BODIES: Record<string, HostileMessage[]> = {
  'bodies that are not JSON': bodies(INVALID_JSON, /JSON|Unexpected|token|position/),
  'JSON that is not a batch': bodies(NOT_A_BATCH, /must be a JSON array/),
  'batches of elements that are not events': Object.entries(NOT_AN_EVENT).map(([name, [body, cause]]) =>
    parked(name, SETTLE, body, cause),
  ),
  'misleading properties and headers': WRONG_PROPERTIES,
  'large batches': BATCHES,
};
