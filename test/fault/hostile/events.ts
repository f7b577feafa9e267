import type { Options } from 'amqplib';
import { type EventType, eventsFor, eventTypes, queues, queuesFor } from '../../../shared/contract/events';

/** Events that do not follow the contract, in batches that do. */
export interface HostileMessage {
  readonly name: string;
  readonly queue: string;
  /** Written as latin1, so that it can hold any byte. */
  readonly body: string;
  readonly options?: Options.Publish;
  /** How many dead letters it must become. */
  readonly deadLetters: number;
  /** The queue whose step parks it, if it is not this one: a step has told the next one what it heard. */
  readonly parkedFrom?: string;
  /** Must match the error of each dead letter. */
  readonly cause: RegExp;
  /** How many duplicates the steps must recognise, in this message and in the events that follow from it. */
  readonly duplicates?: number;
}

const TRACEPARENT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
/** A saga that was never opened, for an existing buyer and item. If it were believed, the buyer would be charged. */
const purchase = {
  saga_id: '00000000-0000-4000-8000-000000000000',
  order_id: '@open@',
  user_id: '@user@',
  amount: 1,
  reason: 'cancelled',
  lines: [{ item_id: '@item@', quantity: 1 }] as unknown,
  /** Optional: earlier versions did not send it. */
  lines_crc32: undefined as number | undefined,
  /** Of a restock. */
  item_id: '@item@',
  quantity: 1,
  price: 1,
};
const FIELDS: Record<EventType, (keyof typeof purchase)[]> = {
  'order.checkout_requested': ['saga_id', 'order_id', 'user_id', 'amount', 'lines'],
  'order.checkout_cancel_requested': ['saga_id', 'order_id', 'user_id', 'amount'],
  'stock.reserved': ['saga_id', 'order_id', 'user_id', 'amount', 'lines_crc32'],
  'stock.decision_requested': ['saga_id', 'order_id', 'user_id', 'amount'],
  'stock.rejected': ['saga_id', 'order_id', 'reason'],
  'stock.released': ['saga_id', 'order_id', 'reason'],
  'payment.captured': ['saga_id', 'order_id', 'amount', 'lines_crc32'],
  'payment.rejected': ['saga_id', 'order_id', 'user_id', 'amount', 'reason'],
  'catalog.item_stocked': ['saga_id', 'item_id', 'quantity', 'price'],
  'stock.item_changed': ['saga_id', 'item_id', 'quantity', 'price'],
  'stock.item_refused': ['saga_id', 'item_id', 'reason'],
};

export function event(type: EventType, data: object, envelope: object = {}): object {
  const known = type === 'stock.item_refused' ? { ...purchase, reason: 'other_price' } : purchase;
  const defaults = Object.fromEntries(FIELDS[type].map((field) => [field, known[field]]));
  return { specversion: '1.0', type, traceparent: TRACEPARENT, data: { ...defaults, ...data }, ...envelope };
}

const id: Record<string, unknown> = {
  missing: undefined,
  'a number': 1,
  empty: '',
  'too long': 'x'.repeat(65),
  'with NUL': 'a\0b',
  'with SQL': "'; DROP TABLE orders --",
};
const amount = {
  missing: undefined,
  'a string': '1',
  negative: -1,
  'a fraction': 0.5,
  'past 2^53': 2 ** 53,
  null: null,
  true: true,
  'an object': { valueOf: 1 },
};
const BAD: Record<keyof typeof purchase, Record<string, unknown>> = {
  saga_id: {
    missing: undefined,
    'a number': 1,
    'in upper case': 'ABCDEF00-0000-4000-8000-000000000000',
    'with a line feed': `${purchase.saga_id}\n`,
    'in braces': `{${purchase.saga_id}}`,
    'a list': [purchase.saga_id],
  },
  order_id: id,
  user_id: id,
  item_id: id,
  amount,
  price: amount,
  quantity: { ...amount, 'of nothing': 0 },
  reason: { missing: undefined, unknown: 'because', 'a number': 0 },
  lines_crc32: { 'a string': '1', 'a fraction': 0.5, null: null, 'past 2^53': 2 ** 53 },
  lines: {
    missing: undefined,
    'an object': { length: 1 },
    empty: [],
    'with one item twice': [1, 2].map((quantity) => ({ item_id: '@item@', quantity })),
    'with a line that is null': [null],
    'with a line without an item': [{ quantity: 1 }],
    'with a quantity of 0': [{ item_id: '@item@', quantity: 0 }],
    'with a negative quantity': [{ item_id: '@item@', quantity: -5 }],
    'with half a unit': [{ item_id: '@item@', quantity: 0.5 }],
    'with a quantity that is a string': [{ item_id: '@item@', quantity: '1' }],
    'with a quantity past 2^53': [{ item_id: '@item@', quantity: 2 ** 53 }],
  },
};

const queueOf = (type: EventType) => queuesFor(type)[0] as string;

export function parked(
  name: string,
  queue: string,
  body: string,
  cause: RegExp,
  options?: Options.Publish,
): HostileMessage {
  return { name, queue, body, deadLetters: 1, cause, ...(options && { options }) };
}

const WRONG_FIELDS = eventTypes.flatMap((type) =>
  FIELDS[type].flatMap((field) =>
    Object.entries(BAD[field]).map(([description, value]) =>
      parked(
        `${type}, ${field} ${description}`,
        queueOf(type),
        JSON.stringify([event(type, { [field]: value })]),
        new RegExp(`data\\.${field}`),
      ),
    ),
  ),
);

const WRONG_QUEUES = queues.flatMap((queue) =>
  eventTypes
    .filter((type) => !eventsFor(queue).includes(type))
    .map((type) =>
      parked(`${type} in ${queue}`, queue, JSON.stringify([event(type, {})]), /this queue does not accept/),
    ),
);

const ENVELOPES: Record<string, [object, RegExp]> = {
  'no version': [{ specversion: undefined }, /specversion/],
  'an older version': [{ specversion: '0.3' }, /specversion/],
  'a newer version': [{ specversion: '1.1' }, /specversion/],
  'a version that is a number': [{ specversion: 1 }, /specversion/],
  'no type': [{ type: undefined }, /type|discriminator/i],
  'an unknown type': [{ type: 'payment.forgiven' }, /discriminator/],
  'the next version of a type': [{ type: 'payment.captured.v2' }, /discriminator/],
  'a type in upper case': [{ type: 'PAYMENT.CAPTURED' }, /discriminator/],
  'a type that is a list': [{ type: ['payment.captured'] }, /discriminator/],
  'a type that is an object': [{ type: { toString: 'payment.captured' } }, /discriminator/],
  'a type that means something to JavaScript': [{ type: '__proto__' }, /discriminator/],
  'no trace': [{ traceparent: undefined }, /traceparent/],
  'a trace of another version': [{ traceparent: TRACEPARENT.replace('00-', '01-') }, /traceparent/],
  'a trace in upper case': [{ traceparent: TRACEPARENT.toUpperCase() }, /traceparent/],
  'a trace that is a script': [{ traceparent: '{jndi:ldap://elsewhere}' }, /traceparent/],
  'no data': [{ data: undefined }, /data/],
  'data that is null': [{ data: null }, /data/],
  'data in a string': [{ data: JSON.stringify(purchase) }, /data/],
  'data in a list': [{ data: [purchase] }, /data/],
  'data in base64': [{ data: undefined, data_base64: 'e30=' }, /data/],
  'data of another schema': [{ data: { sagaId: purchase.saga_id, total: 1 }, dataschema: 'urn:v2' }, /data/],
};
const SETTLE = 'stock.settle';
const WRONG_ENVELOPES = Object.entries(ENVELOPES).map(([name, [envelope, cause]]) =>
  parked(name, SETTLE, JSON.stringify([event('payment.captured', {}, envelope)]), cause),
);

export const EVENTS: Record<string, HostileMessage[]> = {
  'every field of every event, missing or wrong': WRONG_FIELDS,
  'events in queues that do not accept them': WRONG_QUEUES,
  'envelopes of unknown versions and types': WRONG_ENVELOPES,
};
