import { missingEvent } from '../../../tools/operate/resend';
import type { SagaView } from '../../../tools/operate/saga-view';
import { timelineOf } from '../../../tools/operate/timeline';
import { waitsFor } from '../../../tools/operate/waits-for';
import { sagaId, TRACEPARENT } from '../../support/events';

const at = new Date('2026-11-21T12:00:00Z');
const earlier = (seconds: number) => new Date(at.getTime() - seconds * 1_000);
const bought = { order_id: 'order-1', user_id: 'ann', amount: 10 };

const order = (state: 'PENDING' | 'PAID' | 'FAILED' | 'DISPUTED'): SagaView['order'] => ({
  ...bought,
  state,
  reason: state === 'FAILED' ? 'out_of_stock' : null,
  traceparent: TRACEPARENT,
  opened_at: earlier(50),
  deadline_at: earlier(-5),
  settled_at: state === 'PENDING' ? null : earlier(20),
  asked: null,
  current_saga_id: sagaId(1),
  order_is_gone: false,
});
const stock = (state: NonNullable<SagaView['stock']>['state']): SagaView['stock'] => ({
  ...bought,
  state,
  reason: state === 'REJECTED' || state === 'RELEASED' ? 'cancelled' : null,
  arrival: 1,
  traceparent: TRACEPARENT,
  asked_at: null,
  asked: null,
  item_ids: ['pen'],
  quantities: [2],
  created_at: earlier(45),
  updated_at: earlier(42),
});
const payment = (state: 'CAPTURED' | 'REJECTED' | 'CANCELLED'): SagaView['payment'] => ({
  ...bought,
  state,
  reason: state === 'CAPTURED' ? null : 'insufficient_credit',
  lines_crc32: null,
  created_at: earlier(30),
});
const nothing: SagaView = {
  saga_id: sagaId(1),
  at,
  order: undefined,
  stock: undefined,
  payment: undefined,
  wanted: [],
  ledger: [],
  unsent: [],
  deferred: [],
  queues: ['stock.reserve', 'stock.settle', 'payment.charge', 'order.settle'].map((queue) => ({
    queue,
    messages: 3,
  })),
  letters: [],
  actions: [],
  unreadable: {},
};
const sentences = (view: Partial<SagaView>) => waitsFor({ ...nothing, ...view }).join('\n');

test.each<[string, Partial<SagaView>, RegExp]>([
  [
    'stock has not handled',
    { order: order('PENDING') },
    /opened it 50 s ago.*\n.*stock\.reserve has 3 messages: stock is not/,
  ],
  [
    'stock has reserved',
    { order: order('PENDING'), stock: stock('RESERVED') },
    /reserved it 42 s ago\. Payment has not decided yet\.\n.*payment\.charge has 3/,
  ],
  [
    'payment has captured',
    { order: order('PENDING'), stock: stock('RESERVED'), payment: payment('CAPTURED') },
    /captured it 30 s ago.*\n.*order\.settle has 3/,
  ],
  [
    'payment has rejected',
    { order: order('PENDING'), stock: stock('RESERVED'), payment: payment('REJECTED') },
    /rejected it 30 s ago \(insufficient_credit\).*\n.*stock\.settle has 3/,
  ],
  [
    'payment has cancelled before stock handled it',
    { order: order('PENDING'), payment: payment('CANCELLED') },
    /Payment cancelled it.*Stock has not handled that yet/,
  ],
  [
    'stock has rejected',
    { order: order('PENDING'), stock: stock('REJECTED') },
    /rejected it 42 s ago \(cancelled\).*\n.*order\.settle has 3/,
  ],
  [
    'stock has released',
    { order: order('PENDING'), stock: stock('RELEASED'), payment: payment('CANCELLED') },
    /released it 42 s ago.*\n.*order\.settle has 3/,
  ],
  [
    'is paid, but whose units stock has not marked as sold',
    { order: order('PAID'), stock: stock('RESERVED'), payment: payment('CAPTURED') },
    /It is paid\..*\n.*the units are not marked as sold.*\n.*stock\.settle has 3/s,
  ],
  [
    'is paid and sold',
    { order: order('PAID'), stock: stock('COMMITTED'), payment: payment('CAPTURED') },
    /^Nothing\. It is paid\.$/,
  ],
  [
    'was sold before, and whose order has changed since',
    { order: order('DISPUTED'), stock: stock('COMMITTED'), payment: payment('CAPTURED') },
    /^Nothing\. It is disputed: .* Nothing more was charged\. .*docs\/runbooks\/CheckoutDisputed\.md\.$/,
  ],
  [
    'has failed',
    { order: order('FAILED'), stock: stock('REJECTED') },
    /^Nothing\. It failed \(out_of_stock\)/,
  ],
  [
    'has failed with its units still reserved',
    { order: order('FAILED'), stock: stock('RESERVED') },
    /happens only if a database was restored/,
  ],
  [
    'order has forgotten, and that was charged',
    { stock: stock('COMMITTED'), payment: payment('CAPTURED') },
    /its row was lost.*\. User ann was charged 10 for order order-1\.\n.*next checkout takes this charge up/,
  ],
  [
    'order has forgotten or never opened, and that was not charged',
    { stock: stock('RESERVED') },
    /forged\. Nobody was charged for it\. Stock has it RESERVED\.\nStock should have asked payment for its decision 30 s ago/,
  ],
  [
    'payment has deferred, because its user is locked',
    {
      order: order('PENDING'),
      stock: stock('RESERVED'),
      deferred: [
        {
          service: 'payment',
          queue: 'payment.charge',
          blocked_by: 'users/ann',
          tries: 4,
          deferred_at: earlier(20),
        },
      ],
    },
    /payment\.charge set stock\.reserved aside 20 s ago.*locked users\/ann \(tried 5 times\).*pg_stat_activity/,
  ],
])('a saga that %s', (_, view, expected) => {
  expect(sentences(view)).toMatch(expected);
});

test('a saga that waits for units names each short item, what is reserved of it, and what sagas ahead want', () => {
  const wanted = [
    { item_id: 'pen', wanted: 2, available: 1, held: 5, ahead: 0 },
    { item_id: 'ink', wanted: 1, available: 9, held: 0, ahead: 0 },
    { item_id: 'cap', wanted: 1, available: 3, held: 1, ahead: 3 },
  ];
  const text = sentences({ order: order('PENDING'), stock: stock('WAITING'), wanted });
  expect(text).toContain(
    'wants 2 of item pen: 1 available, 5 reserved for undecided sagas, 0 wanted by sagas ahead',
  );
  expect(text).toContain(
    'wants 1 of item cap: 3 available, 1 reserved for undecided sagas, 3 wanted by sagas ahead',
  );
  expect(text).not.toContain('ink');
});

const parked = {
  id: '0123456789abcdef',
  content_id: '',
  queue: 'payment.charge',
  parked_at: earlier(20).toISOString(),
  error_code: 'P0001',
  error: 'no',
  events: [{ type: 'stock.reserved', saga_id: sagaId(1), order_id: 'order-1' }],
  sound: true,
  size: 1,
};
const reserved = { order: order('PENDING'), stock: stock('RESERVED') };

test('names a parked event with its error and the command to redrive it', () => {
  expect(sentences({ ...reserved, letters: [parked] })).toMatch(
    /could not handle stock\.reserved and parked it 20 s ago: P0001, no\. .*"npm run deadletters -- redrive 0123456789abcdef"/,
  );
  expect(sentences({ ...reserved, letters: [{ ...parked, queue: 'stock.settle' }] })).toContain(
    'payment.charge has 3',
  );
});

test('names an event that the broker gave up on, and what to do about it', () => {
  const expired = {
    ...parked,
    error_code: 'EXPIRED',
    error: 'it waited too long',
    advice: 'Remove the limit.',
  };
  expect(sentences({ ...reserved, letters: [expired] })).toMatch(
    /The broker took stock\.reserved out of payment\.charge 20 s ago: EXPIRED, it waited too long\. Remove the limit\. .*"npm run deadletters -- redrive 0123456789abcdef"/,
  );
});

test('names an event that is still in an outbox with its service', () => {
  const row = (id: number, age: number) => ({
    id,
    routing_key: 'stock.reserved',
    created_at: earlier(age),
    service: 'stock' as const,
  });
  const text = sentences({ ...reserved, unsent: [row(8, 2), row(7, 9)] });
  expect(text).toContain(
    'into the outbox of stock 9 s ago and is not sent yet: stock is not running, cannot reach the broker, or the broker ' +
      'does not take it.',
  );
  expect(text).not.toContain('outbox of stock 2 s ago');
});

const empty = nothing.queues.map(({ queue }) => ({ queue, messages: 0 }));

test('an empty queue means that the message is on its way at first, and later that it was lost or its step hangs', () => {
  const young = { ...stock('RESERVED'), updated_at: earlier(1) } as NonNullable<SagaView['stock']>;
  expect(sentences({ ...reserved, stock: young, queues: empty })).toContain(
    'No message waits in payment.charge: stock.reserved is on its way, or payment is handling it right now.',
  );
  expect(sentences({ ...reserved, queues: empty })).toMatch(
    /stock\.reserved was lost, or payment hangs with it unacked\..*"npm run sagas -- resend /,
  );
});

test('a missing queue has lost the message', () => {
  const queues = nothing.queues.map(({ queue }) => ({ queue, messages: undefined }));
  expect(sentences({ ...reserved, queues })).toMatch(
    /has no queue payment\.charge, so stock\.reserved is lost.*resend/,
  );
});

test('a paid saga that stock never heard of says when stock asks, and that it has asked in vain', () => {
  const paid = { order: order('PAID'), payment: payment('CAPTURED'), queues: empty };
  const asked = { ...stock('RESERVED'), asked_at: earlier(5), asked: 1 } as NonNullable<SagaView['stock']>;
  expect(sentences({ ...paid, stock: asked })).toMatch(
    /payment\.captured was lost.*\nStock asks payment for its decision at 2026-11-21T12:00:15/,
  );
  const old = { ...asked, asked: 10, created_at: earlier(5 + 19 * 60) };
  expect(sentences({ ...paid, stock: old })).toMatch(
    /asked payment 10 times in vain.*\nStock asks payment for its decision at 2026-11-21T12:00:55/,
  );
});

describe('the question that is due', () => {
  const inOrder = (changes: Partial<NonNullable<SagaView['order']>>) =>
    ({ ...order('PENDING'), ...changes }) as NonNullable<SagaView['order']>;
  const inStock = (changes: Partial<NonNullable<SagaView['stock']>>) =>
    ({ ...stock('RESERVED'), ...changes }) as NonNullable<SagaView['stock']>;
  const withUnread = (messages: number | undefined) => [{ queue: 'payment.charge', messages }];
  /** Questions of both, each asked once, and overdue for a minute. */
  const repeated = {
    order: inOrder({ asked: 0, deadline_at: earlier(60) }),
    stock: inStock({ asked: 0, asked_at: earlier(80) }),
  };

  test('is asked by order within seconds of the deadline; later, order is probably not running', () => {
    const due = (seconds: number) => sentences({ order: inOrder({ deadline_at: earlier(seconds) }) });
    expect(due(-5)).toContain('Order asks payment to cancel it at 2026-11-21T12:00:05.000Z');
    expect(due(7)).toContain('Order is about to ask payment to cancel it.');
    expect(due(120)).toContain('2 min ago and has not: order is probably not running');
  });

  test('is asked by stock within seconds of its time; later, stock is probably not running', () => {
    const due = (seconds: number) => sentences({ stock: inStock({ created_at: earlier(15 + seconds) }) });
    expect(due(-5)).toContain('Stock asks payment for its decision at 2026-11-21T12:00:05.000Z');
    expect(due(7)).toContain('Stock is about to ask payment for its decision.');
    expect(due(120)).toContain('2 min ago and has not: stock is probably not running');
    expect(sentences({ stock: inStock({ asked: 0, asked_at: earlier(80) }) })).toContain(
      '60 s ago and has not: stock is probably not running. Check it.',
    );
  });

  test.each<[string, SagaView['queues'], string]>([
    ['while payment hangs', withUnread(500), 'payment.charge has 500 messages'],
    [
      'while payment is down',
      [{ queue: 'payment.charge', messages: 3, consumers: 0 }],
      'nobody consumes payment.charge',
    ],
    ['while its queue is missing', withUnread(undefined), 'the broker has no queue payment.charge'],
    ['while the broker is down', [], 'how many messages payment.charge has is not known'],
  ])('is not repeated %s, and nobody is blamed for that', (_, queues, why) => {
    const text = sentences({ ...repeated, queues });
    const waits = `hardly repeats that before payment reads its queue: ${why}.`;
    expect(text).toContain(`Order has asked payment to cancel it, and ${waits}`);
    expect(text).toContain(`Stock has asked payment for its decision, and ${waits}`);
    expect(text).not.toMatch(/has not: (order|stock) is probably not running/);
  });

  test('is repeated while payment has few messages to read', () => {
    expect(sentences({ ...repeated, queues: withUnread(20) })).toMatch(
      /order is probably not running.*\n.*stock is probably not running/,
    );
  });

  test('is asked for the first time whatever payment has to read', () => {
    const late = inOrder({ deadline_at: earlier(60) });
    expect(sentences({ order: late, queues: withUnread(500) })).toContain('order is probably not running');
  });
});

test('names only the database that cannot be read', () => {
  expect(sentences({ ...reserved, unreadable: { payment: 'connect ECONNREFUSED' } })).toBe(
    'The database of payment cannot be read (connect ECONNREFUSED). No saga can end without it: bring it back first.',
  );
});

test('the timeline lists what services, queues and operators did, in order', () => {
  const action = {
    at: earlier(10),
    actor: 'ann',
    action: 'cancel' as const,
    queue: null,
    letter_id: null,
    saga_ids: [],
    event_ids: [],
    reason: 'stuck',
    detail: {},
    service: 'order' as const,
  };
  const ledger = [
    { about: 'ann', delta: -10, kind: 'capture', created_at: earlier(30), service: 'payment' as const },
  ];
  const moments = timelineOf({
    ...nothing,
    order: order('PAID'),
    stock: stock('COMMITTED'),
    payment: payment('CAPTURED'),
    ledger,
    letters: [parked],
    actions: [action],
  });
  expect(moments.map(({ who, what }) => `${who}: ${what}`)).toEqual([
    'order: opened: order order-1 of user ann for 10',
    'stock: received it: 2 of pen',
    'stock: COMMITTED: 2 of pen',
    'payment: CAPTURED: 10 of user ann',
    'payment: ledger: capture of user ann, -10',
    'order: ended: PAID',
    'payment.charge: parked stock.reserved as dead letter 0123456789abcdef: P0001, no',
    'operator: ann asked payment to cancel it: stuck (recorded in order)',
  ]);
});

describe('the event that a saga waits for', () => {
  const lines = [{ item_id: 'pen', quantity: 2 }];
  const missing = (view: Partial<SagaView>, ordered = lines) => {
    const event = missingEvent({ ...nothing, ...view }, ordered);
    return typeof event === 'string' ? event : `${event.type} of ${event.data.order_id}`;
  };

  test.each<[string, Partial<SagaView>]>([
    ['order.checkout_requested', { order: order('PENDING') }],
    ['stock.reserved', { order: order('PENDING'), stock: stock('RESERVED') }],
    ['stock.rejected', { order: order('PENDING'), stock: stock('REJECTED') }],
    ['stock.released', { order: order('PENDING'), stock: stock('RELEASED'), payment: payment('CANCELLED') }],
    ['payment.rejected', { order: order('PENDING'), stock: stock('RESERVED'), payment: payment('REJECTED') }],
    [
      'payment.captured',
      { order: order('PENDING'), stock: stock('COMMITTED'), payment: payment('CAPTURED') },
    ],
    ['payment.captured', { order: order('PAID'), stock: stock('RESERVED'), payment: payment('CAPTURED') }],
    ['payment.captured', { stock: stock('RESERVED'), payment: payment('CAPTURED') }],
  ])('is %s', (type, view) => {
    expect(missing(view)).toBe(`${type} of order-1`);
  });

  test.each<[string, Partial<SagaView>, RegExp]>([
    [
      'an ended saga',
      { order: order('PAID'), stock: stock('COMMITTED'), payment: payment('CAPTURED') },
      /Nothing is missing/,
    ],
    ['a waiting saga', { order: order('PENDING'), stock: stock('WAITING') }, /waits for units/],
    [
      'a reservation that order does not wait for',
      { stock: stock('RESERVED') },
      /stock itself asks payment to cancel it/,
    ],
    ['a saga that nobody knows', {}, /No service/],
  ])('is none for %s', (_, view, because) => {
    expect(missing(view)).toMatch(because);
  });

  test('is none when the lines are no longer those of the saga', () => {
    expect(missing({ order: order('PENDING') }, [])).toMatch(/no longer those of this saga/);
  });
});
