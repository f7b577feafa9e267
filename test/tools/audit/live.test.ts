import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { createLogger } from '../../../shared/observe/log';
import { statement } from '../../../shared/postgres/statement';
import { connectPublisher } from '../../../shared/rabbit/publisher';
import { DEAD_LETTERS, exchangeOf } from '../../../shared/rabbit/topology';
import { audit } from '../../../tools/audit/audit';
import { judgeSaga, type SagaView } from '../../../tools/audit/invariants/judge';
import { watch } from '../../../tools/audit/watch';
import { openDatabases } from '../../../tools/support/databases';
import { auditNow, auditOf } from '../../support/audit';
import { query } from '../../support/books';
import { createVhost } from '../../support/cluster';
import { sagaId } from '../../support/events';
import { HandMadeShop, type Sale } from './hand-made';

let shop: HandMadeShop;
let amqp: string;
beforeAll(async () => {
  shop = await HandMadeShop.open();
  amqp = await createVhost();
});
afterAll(() => shop.close());

const sale: Sale = { saga: sagaId(1), order: 'order-1', user: 'ann' };
const MINUTE_MS = 60_000;
const silent = createLogger({ service: 'test', level: 'silent', format: 'json' });

beforeEach(async () => {
  await shop.clear();
  await shop.stockUp();
  await shop.enrol('ann');
});

test('a checkout in flight is no finding for as long as it is younger than the given age', async () => {
  await shop.placeOrder(sale, 'PENDING');
  await shop.reserve(sale, 'RESERVED');
  await shop.decide(sale, 'CAPTURED');
  await shop.run('stock', `INSERT INTO outbox (routing_key, body) VALUES ('stock.reserved', '[]')`);
  expect(await shop.findings(5 * MINUTE_MS)).toEqual([]);
  const old = await shop.findings(MINUTE_MS);
  expect(old.map(({ invariant, saga_id }) => [invariant, saga_id])).toEqual([
    ['I6', sale.saga],
    ['I6', sale.saga],
  ]);
});

test('a paid checkout whose stock is still held is no contradiction under load, and one when all is settled', async () => {
  await shop.placeOrder(sale, 'PAID');
  await shop.reserve(sale, 'RESERVED');
  await shop.decide(sale, 'CAPTURED');
  expect(await shop.findings(5 * MINUTE_MS)).toEqual([]);
  expect((await shop.findings()).map((finding) => finding.invariant).sort()).toEqual(['I3', 'I6']);
});

test('a contradiction is found under load, however young it is', async () => {
  await shop.sell(sale);
  await shop.run('order', `UPDATE sagas SET state = 'FAILED', reason = 'cancelled' WHERE id = $1`, [
    sale.saga,
  ]);
  expect(await shop.findings(30_000)).toMatchObject([{ invariant: 'I3', saga_id: sale.saga }]);
});

const purchase = {
  saga_id: sale.saga,
  order_id: 'order-1',
  user_id: 'ann',
  amount: 1,
  lines: [],
  young: false,
};
const young = { ...purchase, young: true };

test.each<[string, SagaView]>([
  [
    'payment was looked at later and has a younger charge',
    { saga_id: sale.saga, payment: { ...young, state: 'CAPTURED' } },
  ],
  [
    'payment has decided what stock had yet to reserve',
    {
      saga_id: sale.saga,
      order: { ...purchase, state: 'PENDING' },
      stock: { ...young, state: 'WAITING' },
      payment: { ...young, state: 'REJECTED' },
    },
  ],
  [
    'payment has cancelled what stock has yet to hear of',
    {
      saga_id: sale.saga,
      order: { ...purchase, state: 'PENDING' },
      payment: { ...purchase, state: 'CANCELLED' },
    },
  ],
])('under load it is in order that %s', (_, view) => {
  expect(judgeSaga(view, false)).toEqual([]);
});

test.each<[string, SagaView]>([
  [
    'an old charge that order knows nothing of',
    { saga_id: sale.saga, payment: { ...purchase, state: 'CAPTURED' } },
  ],
  [
    'a failed checkout that holds stock',
    {
      saga_id: sale.saga,
      order: { ...young, state: 'FAILED' },
      stock: { ...young, state: 'RESERVED' },
      payment: { ...young, state: 'REJECTED' },
    },
  ],
  [
    'stock sold before payment decided',
    { saga_id: sale.saga, order: { ...young, state: 'PENDING' }, stock: { ...young, state: 'COMMITTED' } },
  ],
])('not even load explains %s', (_, view) => {
  expect(judgeSaga(view, false)).toMatchObject([{ invariant: 'I3' }]);
});

test('I6: what is left in queues, dead letters and queues that do not exist are found', async () => {
  const empty = await auditOf({ ...shop.addresses, amqp });
  expect(empty.findings).toHaveLength(8);
  expect(empty.findings[0]).toEqual({ invariant: 'I6', detail: 'the broker has no queue stock.reserve' });

  // Whoever connects declares the queues.
  const publisher = await connectPublisher({ url: amqp, name: 'test', log: silent });
  while (!publisher.isConnected()) {
    await sleep(20);
  }
  await auditNow({ ...shop.addresses, amqp });

  const message = { body: '[]', contentType: 'application/json' };
  await publisher.publish({ ...message, exchange: exchangeOf('stock'), routingKey: 'stock.rejected' });
  await publisher.publish({ ...message, exchange: DEAD_LETTERS, routingKey: 'stock.settle' });
  await publisher.close();
  const settled = await auditOf({ ...shop.addresses, amqp });
  expect(settled.findings.map((finding) => finding.detail).sort()).toEqual([
    'messages left in queue order.settle: 1',
    'messages left in queue stock.settle.dead: 1 (what and why: "npm run deadletters")',
  ]);
  const live = await auditOf({ ...shop.addresses, amqp }, 30_000);
  expect(live.findings.map((finding) => finding.detail)).toEqual([
    'messages left in queue stock.settle.dead: 1 (what and why: "npm run deadletters")',
  ]);
});

test('what is wrong is listed by name in the error of a test that ends with an audit', async () => {
  await shop.run('payment', `UPDATE users SET credit = 99 WHERE id = 'ann'`);
  await expect(auditNow(shop.addresses)).rejects.toThrow(
    /I1 is violated: money.*\n {2}user ann: the credit is 99, but the ledger adds up to 100\n/,
  );
});

describe('the watch', () => {
  const settings = { host: '127.0.0.1', port: 0, intervalMs: 1, inFlightMs: 30_000, withinMs: 60_000 };
  let books: ReturnType<typeof openDatabases>;
  beforeEach(async () => {
    books = openDatabases(shop.addresses, silent, settings.withinMs);
    await shop.run('payment', `UPDATE users SET credit = 99 WHERE id = 'ann'`);
  });
  afterEach(() => books.close());

  const metrics = async (port: number) => {
    const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return (name: string) =>
      Number(
        page
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.split(' ')[1],
      );
  };

  /** Nobody else reads the table until this is let go. */
  async function holdOrders(): Promise<{ letGo(): Promise<void> }> {
    const holder = new Client(shop.addresses.order);
    await holder.connect();
    await holder.query('BEGIN; LOCK TABLE sagas IN ACCESS EXCLUSIVE MODE');
    return { letGo: () => holder.end() };
  }

  async function eventually(holds: () => Promise<boolean>): Promise<void> {
    while (!(await holds())) {
      await sleep(20);
    }
  }

  test('exports what it finds, and when it last could look', async () => {
    const watching = await watch(books, silent, settings);
    try {
      await watching.looked;
      const value = await metrics(watching.port);
      expect(value('saga_invariant_violation{invariant="I1"}')).toBe(1);
      expect(value('saga_invariant_violation{invariant="I3"}')).toBe(0);
      expect(value('saga_audit_last_round_completed')).toBe(1);
      expect(value('saga_audit_duration_seconds')).toBeGreaterThan(0);
      const age = Date.now() / 1000 - value('saga_audit_last_success_timestamp_seconds');
      expect(Math.abs(age)).toBeLessThan(30);
      expect((await fetch(`http://127.0.0.1:${watching.port}/readyz`)).status).toBe(200);
    } finally {
      await watching.stop();
    }
  });

  test('says that a round did not complete, and does not give its findings a new date', async () => {
    const watching = await watch(books, silent, { ...settings, withinMs: 300 });
    let orders: { letGo(): Promise<void> } | undefined;
    try {
      await watching.looked;
      expect((await metrics(watching.port))('saga_audit_last_round_completed')).toBe(1);

      orders = await holdOrders();
      await eventually(async () => (await metrics(watching.port))('saga_audit_last_round_completed') === 0);
      const first = await metrics(watching.port);
      await sleep(700);
      const later = await metrics(watching.port);
      const lastSuccess = 'saga_audit_last_success_timestamp_seconds';
      expect(later(lastSuccess)).toBe(first(lastSuccess));
      expect(later('saga_invariant_violation{invariant="I1"}')).toBe(1);

      await orders.letGo();
      orders = undefined;
      await eventually(async () => (await metrics(watching.port))('saga_audit_last_round_completed') === 1);
      expect((await metrics(watching.port))(lastSuccess)).toBeGreaterThan(later(lastSuccess));
    } finally {
      await orders?.letGo();
      await watching.stop();
    }
  });

  test('begins no round while another is under way, and has started before the first one ends', async () => {
    const orders = await holdOrders();
    const watching = await watch(books, silent, settings);
    try {
      const atIt = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      const rounds = () => query<{ pid: number }>(shop.addresses.order, atIt);
      await eventually(async () => (await rounds()).length > 0);
      const [first] = await rounds();
      // Hundreds of intervals.
      await sleep(500);
      expect(await rounds()).toEqual([first]);
      expect((await fetch(`http://127.0.0.1:${watching.port}/readyz`)).status).toBe(200);
    } finally {
      await orders.letGo();
      await watching.stop();
    }
  });
});

test('an audit that takes longer than it may says how to give it more time', async () => {
  const books = openDatabases(shop.addresses, silent, 60_000);
  const holder = new Client(shop.addresses.payment);
  await holder.connect();
  await holder.query('BEGIN; LOCK TABLE charges IN ACCESS EXCLUSIVE MODE');
  try {
    await expect(audit(books, { withinMs: 300 })).rejects.toThrow(
      'The audit was not done within 0.3 s. Let it take longer with AUDIT_TIMEOUT_MS',
    );
  } finally {
    await holder.end();
    await books.close();
  }
});

test("the auditor's statements may take longer than a service's", async () => {
  const books = openDatabases(shop.addresses, silent, 600_000);
  const show = statement<{ statement_timeout: string }>('show', 'SHOW statement_timeout');
  try {
    const shown = await books.stock.transaction((tx) => tx.run(show));
    expect(shown).toEqual([{ statement_timeout: '10min' }]);
  } finally {
    await books.close();
  }
});
