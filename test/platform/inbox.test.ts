import { decodeBatch, encodeBatch } from '../../shared/contract/cloudevents';
import type { Step } from '../../shared/inbox/step';
import { CommitUnknown } from '../../shared/postgres/errors';
import { statement } from '../../shared/postgres/statement';
import { reserveStock } from '../../stock/src/saga/2-reserve-stock/step';
import { settleReservation } from '../../stock/src/saga/4-settle-reservation/step';
import {
  checkoutRequested,
  paymentCaptured,
  paymentRejected,
  purchase,
  TRACEPARENT,
} from '../support/events';
import { until } from '../support/until';
import { Wire } from '../support/wire';

let wire: Wire;
beforeAll(async () => {
  wire = await Wire.open('stock');
});
afterAll(() => wire.close());
beforeEach(() =>
  wire.query(
    `WITH ledger AS (INSERT INTO stock_ledger (item_id, delta, kind) VALUES ('a', 1000, 'add'))
     INSERT INTO items (id, price, available) VALUES ('a', 10, 1000)`,
  ),
);
afterEach(async () => {
  const unbalanced = `
    SELECT id FROM items WHERE available <> (SELECT sum(delta) FROM stock_ledger WHERE item_id = items.id)
      - (SELECT count(*) FROM reservations WHERE state = 'RESERVED')`;
  await wire.stopReplicas();
  const found = await wire.query(unbalanced);
  await wire.reset('items, stock_ledger, reservations, outbox');
  expect(found).toEqual([]);
});

const settle = settleReservation(() => {});
const request = (n: number) => checkoutRequested(purchase(n), { a: 1 });
const requests = (count: number) => Array.from({ length: count }, (_, n) => request(n));
const reserved = async () => (await wire.query(`SELECT FROM reservations WHERE state = 'RESERVED'`)).length;
const reservedFor = (count: number) => until(async () => (await reserved()) === count);

/** The reserve step, which waits between its work and its COMMIT until `open` is called. */
function gated() {
  let open = () => {};
  let reach = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const step: Step = {
    ...reserveStock,
    async run(tx, events) {
      const outcome = await reserveStock.run(tx, events);
      reach();
      await opened;
      return outcome;
    },
  };
  return { step, reached, open: () => open() };
}

test('turns events into rows, and sends the events that follow to the next queue', async () => {
  await wire.replica(reserveStock);
  await wire.send('stock.reserve', requests(3));
  const sent = await wire.events('payment.charge', 3);
  expect(sent.map(({ type, data }) => `${type} ${data.saga_id}`).sort()).toEqual(
    requests(3).map(({ data }) => `stock.reserved ${data.saga_id}`),
  );
  await until(async () => (await wire.outboxSize()) === 0);
  expect(await wire.isEmpty('stock.reserve')).toBe(true);
});

test('acknowledges a message only after its rows are committed', async () => {
  const gate = gated();
  const { inbox } = await wire.replica(gate.step);
  let seenAtAck: Promise<number> | undefined;
  const ack = () => {
    seenAtAck = reserved();
  };
  const body = Buffer.from(encodeBatch([request(1)], 'now'));
  inbox.onDelivery({ body, headers: {}, redelivered: false, ack });
  await gate.reached;
  expect(seenAtAck).toBeUndefined();
  gate.open();
  await until(() => seenAtAck !== undefined);
  expect(await seenAtAck).toBe(1);
});

test('parks one poisonous event alone, with its error, and handles the rest of its batch', async () => {
  await wire.replica(reserveStock);
  await wire.send('stock.reserve', requests(9));
  await reservedFor(9);
  const stranger = paymentCaptured(purchase(99));
  await wire.replica(settle);
  const payments = requests(9).map(({ data }) => paymentCaptured(data));
  await wire.send('stock.settle', [...payments.slice(0, 5), stranger, ...payments.slice(5)]);
  const [message, ...more] = await wire.parked('stock.settle', 1);
  expect(more).toEqual([]);
  expect(message?.headers).toMatchObject({
    'x-parked-from': 'stock.settle',
    'x-error-code': 'INVARIANT_VIOLATED',
    'x-error': `saga ${stranger.data.saga_id} was charged, but its reservation is missing`,
  });
  expect(decodeBatch(message?.body ?? '', ['payment.captured'])).toEqual([{ event: stranger }]);
  const sold = `SELECT FROM reservations WHERE state = 'COMMITTED'`;
  await until(async () => (await wire.query(sold)).length === 9);
});

test('parks a malformed event alone, and handles its neighbours', async () => {
  await wire.replica(reserveStock);
  const [good, other] = JSON.parse(encodeBatch([request(1), request(2)], 'now'));
  const bad = { ...good, data: { ...good.data, amount: -1 } };
  const misdirected = JSON.parse(encodeBatch([paymentRejected(purchase(3))], 'now'))[0];
  await wire.send('stock.reserve', JSON.stringify([good, bad, misdirected, 7, other]));
  const parked = await wire.parked('stock.reserve', 3);
  expect(parked.map(({ body }) => body).sort()).toEqual(
    [bad, misdirected, 7].map((element) => JSON.stringify([element])).sort(),
  );
  const errors = parked.map(({ headers }) => String(headers['x-error'])).join('\n');
  expect(errors).toContain('data.amount');
  expect(errors).toContain('this queue does not accept payment.rejected');
  await reservedFor(2);
});

test.each([
  ['not JSON', '{'],
  ['not an array', '{"specversion":"1.0"}'],
  ['empty', ''],
])('parks a message that is %s as it came, and handles the next one', async (_, body) => {
  await wire.replica(reserveStock);
  await wire.send('stock.reserve', body);
  await wire.send('stock.reserve', [request(1)]);
  expect((await wire.parked('stock.reserve', 1)).map((message) => message.body)).toEqual([body]);
  await reservedFor(1);
  await until(() => wire.isEmpty('stock.reserve'));
});

test('parks a message whole and once when elements are nested too deep, and handles their neighbours', async () => {
  await wire.replica(reserveStock);
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  const good = encodeBatch([request(1)], 'now').slice(1, -1);
  const body = `[${deep},${good},${deep}]`;
  await wire.send('stock.reserve', body);
  expect((await wire.parked('stock.reserve', 1)).map((message) => message.body === body)).toEqual([true]);
  await reservedFor(1);
  await until(() => wire.isEmpty('stock.reserve'));
  expect(await wire.isEmpty('stock.reserve.dead')).toBe(true);
});

test('acknowledges a batch without events', async () => {
  const { stop } = await wire.replica(reserveStock);
  await wire.send('stock.reserve', '[]');
  await wire.send('stock.reserve', [request(1)]);
  await reservedFor(1);
  await stop();
  expect(await wire.isEmpty('stock.reserve')).toBe(true);
});

test('keeps events, and parks none, while the database ends their connections', async () => {
  const kill = statement('test_kill', 'SELECT pg_terminate_backend(pg_backend_pid())');
  // More attempts than a poisonous event gets.
  let outages = 6;
  await wire.replica({
    ...reserveStock,
    async run(tx, events) {
      if (outages-- > 0) {
        await tx.run(kill);
      }
      return reserveStock.run(tx, events);
    },
  });
  await wire.send('stock.reserve', requests(5));
  await reservedFor(5);
  await until(() => wire.isEmpty('stock.reserve'));
  expect(await wire.isEmpty('stock.reserve.dead')).toBe(true);
});

/** PostgreSQL documentation, Appendix A. None of these says anything about an event. */
test.each([
  ['28P01', 'refuses the password'],
  ['3D000', 'does not have the database'],
  ['55000', 'accepts no connections to the database'],
  ['42501', 'has taken rights away'],
  ['42703', 'lacks a column during an upgrade'],
  ['42P01', 'lacks a table during an upgrade'],
  ['0A000', 'finds a prepared plan stale'],
  ['25006', 'is read-only'],
  ['53100', 'has no room on its disk'],
  ['57P03', 'is starting'],
  ['58030', 'cannot read its disk'],
  ['XX000', 'has an error that is on no list'],
])('keeps events, and parks none, while the server answers %s because it %s', async (code) => {
  const fail = statement(`test_${code}`, `DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '${code}'; END $$`);
  // More attempts than a poisonous event gets.
  let attempts = 4;
  await wire.replica({
    ...reserveStock,
    async run(tx, events) {
      if (attempts-- > 0) {
        await tx.run(fail);
      }
      return reserveStock.run(tx, events);
    },
  });
  await wire.send('stock.reserve', requests(5));
  await reservedFor(5);
  await until(() => wire.isEmpty('stock.reserve'));
  expect(await wire.isEmpty('stock.reserve.dead')).toBe(true);
});

test.each([
  ['22003', 'a number is out of range'],
  ['23514', 'a row breaks a check'],
  ['54000', 'a statement is too large'],
  ['P0001', 'a trigger refuses the row'],
])('parks only the event that makes the server answer %s because %s', async (code) => {
  const fail = statement(`test_${code}`, `DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '${code}'; END $$`);
  await wire.replica({
    ...reserveStock,
    async run(tx, events) {
      if (events.some(({ data }) => data.saga_id === purchase(3).saga_id)) {
        await tx.run(fail);
      }
      return reserveStock.run(tx, events);
    },
  });
  await wire.send('stock.reserve', requests(5));
  const [message] = await wire.parked('stock.reserve', 1);
  expect(decodeBatch(message?.body ?? '', ['order.checkout_requested'])).toEqual([{ event: request(3) }]);
  await reservedFor(4);
});

test('goes on with a new connection when a table has changed under its prepared statements', async () => {
  await wire.replica(reserveStock);
  await wire.send('stock.reserve', requests(5));
  await reservedFor(5);
  await wire.query('ALTER TABLE items ALTER COLUMN available TYPE NUMERIC');
  await wire.query('ALTER TABLE items ALTER COLUMN available TYPE BIGINT');
  await wire.send('stock.reserve', [request(6), request(7)]);
  await reservedFor(7);
  expect(await wire.isEmpty('stock.reserve.dead')).toBe(true);
});

test('handles events once, although a connection lost in COMMIT leaves the outcome unknown', async () => {
  await wire.replica(reserveStock, (database) => {
    let answersLost = 2;
    return {
      ...database,
      async transaction(work) {
        const result = await database.transaction(work);
        if (answersLost-- > 0) {
          throw new CommitUnknown('the connection was lost in COMMIT');
        }
        return result;
      },
    };
  });
  await wire.send('stock.reserve', requests(5));
  await wire.events('payment.charge', 5);
  expect(await reserved()).toBe(5);
  expect(await wire.isEmpty('stock.reserve.dead')).toBe(true);
});

test('handles each event once, although two replicas get the same events', async () => {
  await Promise.all([wire.replica(reserveStock), wire.replica(reserveStock)]);
  const copies = Array.from({ length: 6 }, () => requests(20)).flat();
  await Promise.all(copies.map((event) => wire.send('stock.reserve', [event])));
  await until(() => wire.isEmpty('stock.reserve'));
  await reservedFor(20);
});

test('loses nothing, and does nothing twice, when the broker is cut off while events are handled', async () => {
  const gate = gated();
  await wire.replica(gate.step);
  await Promise.all(requests(60).map((event) => wire.send('stock.reserve', [event])));
  await gate.reached;
  await wire.cut();
  gate.open();
  await reservedFor(60);
  await until(() => wire.isEmpty('stock.reserve'));
});

test('finishes what it has started when the service stops, and leaves the rest in the queue', async () => {
  const { stop } = await wire.replica(reserveStock);
  await Promise.all(requests(40).map((event) => wire.send('stock.reserve', [event])));
  await until(async () => (await reserved()) > 0);
  await stop();
  const done = await wire.query<{ saga_id: string }>('SELECT saga_id FROM reservations');
  const left = (await wire.events('stock.reserve', 40 - done.length)).map((event) => event.data.saga_id);
  // An acknowledgement can be lost during the stop. Its event is then in both: the next replica sees it as a duplicate.
  const both = new Set([...left, ...done.map((row) => row.saga_id)]);
  expect([...both].sort()).toEqual(requests(40).map((event) => event.data.saga_id));
});

test('passes the trace of an event on to the events that follow', async () => {
  await wire.replica(reserveStock);
  await wire.send('stock.reserve', [request(1)]);
  expect(await wire.events('payment.charge', 1)).toMatchObject([{ traceparent: TRACEPARENT }]);
});
