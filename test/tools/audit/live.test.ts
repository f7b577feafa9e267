import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { statement } from '../../../shared/postgres/statement';
import { connectPublisher } from '../../../shared/rabbit/publisher';
import { DEAD_LETTERS, declaredQueues, exchangeOf } from '../../../shared/rabbit/topology';
import { audit } from '../../../tools/audit/audit';
import { judgeSaga, type SagaView } from '../../../tools/audit/invariants/judge';
import { watch } from '../../../tools/audit/watch';
import { openDatabases } from '../../../tools/support/databases';
import { auditNow, auditOf } from '../../support/audit';
import { query } from '../../support/books';
import { sagaId } from '../../support/events';
import { createVhost } from '../../support/servers';
import { silent } from '../../support/silent';
import { until } from '../../support/until';
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
beforeEach(async () => {
  await shop.clear();
  await shop.stockUp();
  await shop.addUser('ann');
});

test('a checkout in flight is no finding while it is younger than the given age', async () => {
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

test('a paid checkout whose units are still reserved is a finding only when nothing may be in flight', async () => {
  await shop.placeOrder(sale, 'PAID');
  await shop.reserve(sale, 'RESERVED');
  await shop.decide(sale, 'CAPTURED');
  expect(await shop.findings(5 * MINUTE_MS)).toEqual([]);
  expect((await shop.findings()).map((finding) => finding.invariant).sort()).toEqual(['I3', 'I6']);
});

test('finds a contradiction under load, however young it is', async () => {
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
    'payment, which is read last, has a younger charge',
    { saga_id: sale.saga, payment: { ...young, state: 'CAPTURED' } },
  ],
  [
    'payment has decided a saga that stock had not reserved when it was read',
    {
      saga_id: sale.saga,
      order: { ...purchase, state: 'PENDING' },
      stock: { ...young, state: 'WAITING' },
      payment: { ...young, state: 'REJECTED' },
    },
  ],
  [
    'payment has cancelled a saga that stock has not heard of yet',
    {
      saga_id: sale.saga,
      order: { ...purchase, state: 'PENDING' },
      payment: { ...purchase, state: 'CANCELLED' },
    },
  ],
])('is no finding under load: %s', (_, view) => {
  expect(judgeSaga(view, false)).toEqual([]);
});

test.each<[string, SagaView]>([
  [
    'an old charge that order knows nothing of',
    { saga_id: sale.saga, payment: { ...purchase, state: 'CAPTURED' } },
  ],
  [
    'a failed checkout that has units reserved',
    {
      saga_id: sale.saga,
      order: { ...young, state: 'FAILED' },
      stock: { ...young, state: 'RESERVED' },
      payment: { ...young, state: 'REJECTED' },
    },
  ],
  [
    'units sold before payment decided',
    { saga_id: sale.saga, order: { ...young, state: 'PENDING' }, stock: { ...young, state: 'COMMITTED' } },
  ],
])('is a finding even under load: %s', (_, view) => {
  expect(judgeSaga(view, false)).toMatchObject([{ invariant: 'I3' }]);
});

test('I6 finds messages left in queues, dead letters and missing queues', async () => {
  const empty = await auditOf({ ...shop.addresses, amqp });
  expect(empty.findings).toHaveLength(declaredQueues.length);
  expect(empty.findings[0]).toEqual({ invariant: 'I6', detail: 'the broker has no queue stock.reserve' });

  // Connecting declares the queues.
  const publisher = await connectPublisher({ url: amqp, name: 'test', log: silent });
  await until(() => publisher.isConnected());
  await auditNow({ ...shop.addresses, amqp });

  const message = { body: '[]', contentType: 'application/json' };
  await publisher.publish({ ...message, exchange: exchangeOf('stock'), routingKey: 'stock.rejected' });
  await publisher.publish({ ...message, exchange: DEAD_LETTERS, routingKey: 'stock.settle' });
  await publisher.close();
  const settled = await auditOf({ ...shop.addresses, amqp });
  expect(settled.findings.map((finding) => finding.detail).sort()).toEqual([
    'dead letters in queue stock.settle.dead: 1 ("npm run deadletters" lists them and says why)',
    'messages left in queue order.settle: 1',
  ]);
  const live = await auditOf({ ...shop.addresses, amqp }, 30_000);
  expect(live.findings.map((finding) => finding.detail)).toEqual([
    'dead letters in queue stock.settle.dead: 1 ("npm run deadletters" lists them and says why)',
  ]);
});

test('a test that ends with an audit fails with an error that lists the findings', async () => {
  await shop.run('payment', `UPDATE users SET credit = 99 WHERE id = 'ann'`);
  await expect(auditNow(shop.addresses)).rejects.toThrow(
    /I1 is violated\. The rule: the credit of every user.*\n {2}user ann: the credit is 99, but the ledger adds up to 100\n/,
  );
});

describe('the watch', () => {
  const settings = { host: '127.0.0.1', port: 0, intervalMs: 1, inFlightMs: 30_000, withinMs: 60_000 };
  let databases: ReturnType<typeof openDatabases>;
  beforeEach(async () => {
    databases = openDatabases('test', shop.addresses, silent, settings.withinMs);
    await shop.run('payment', `UPDATE users SET credit = 99 WHERE id = 'ann'`);
  });
  afterEach(() => databases.close());

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

  /** Blocks every reader of the table until it is unlocked. */
  async function lockSagas(): Promise<{ unlock(): Promise<void> }> {
    const holder = new Client(shop.addresses.order);
    await holder.connect();
    await holder.query('BEGIN; LOCK TABLE sagas IN ACCESS EXCLUSIVE MODE');
    return { unlock: () => holder.end() };
  }

  test('exports its findings and the time of the last completed audit', async () => {
    const watching = await watch(databases, silent, settings);
    try {
      await watching.firstRound;
      const value = await metrics(watching.port);
      expect(value('saga_invariant_violation{invariant="I1"}')).toBe(1);
      expect(value('saga_invariant_violation{invariant="I3"}')).toBe(0);
      expect(value('saga_audit_last_round_completed')).toBe(1);
      expect(value('saga_audit_duration_seconds')).toBeGreaterThan(0);
      expect(value('saga_audit_interval_seconds')).toBe(0.001);
      const age = Date.now() / 1000 - value('saga_audit_last_success_timestamp_seconds');
      expect(Math.abs(age)).toBeLessThan(30);
      expect((await fetch(`http://127.0.0.1:${watching.port}/readyz`)).status).toBe(200);
    } finally {
      await watching.stop();
    }
  });

  test('reports a round that did not complete, keeps earlier findings, and no longer says that the rest holds', async () => {
    const watching = await watch(databases, silent, { ...settings, withinMs: 300 });
    let lock: { unlock(): Promise<void> } | undefined;
    try {
      await watching.firstRound;
      await until(async () => {
        const value = await metrics(watching.port);
        return (
          value('saga_audit_last_round_completed') === 1 &&
          value('saga_invariant_violation{invariant="I3"}') === 0
        );
      });

      lock = await lockSagas();
      await until(async () => (await metrics(watching.port))('saga_audit_last_round_completed') === 0);
      const first = await metrics(watching.port);
      await sleep(700);
      const later = await metrics(watching.port);
      const lastSuccess = 'saga_audit_last_success_timestamp_seconds';
      expect(later(lastSuccess)).toBe(first(lastSuccess));
      expect(later('saga_invariant_violation{invariant="I1"}')).toBe(1);
      expect(later('saga_invariant_violation{invariant="I3"}')).toBeNaN();

      await lock.unlock();
      lock = undefined;
      await until(
        async () => (await metrics(watching.port))('saga_invariant_violation{invariant="I3"}') === 0,
      );
      expect((await metrics(watching.port))(lastSuccess)).toBeGreaterThan(later(lastSuccess));
    } finally {
      await lock?.unlock();
      await watching.stop();
    }
  });

  test('runs one round at a time, and is started before the first one ends', async () => {
    const lock = await lockSagas();
    const watching = await watch(databases, silent, settings);
    try {
      const waitingForLock = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      const rounds = () => query<{ pid: number }>(shop.addresses.order, waitingForLock);
      await until(async () => (await rounds()).length > 0);
      const [first] = await rounds();
      // Hundreds of intervals.
      await sleep(500);
      expect(await rounds()).toEqual([first]);
      expect((await fetch(`http://127.0.0.1:${watching.port}/readyz`)).status).toBe(200);
    } finally {
      await lock.unlock();
      await watching.stop();
    }
  });
});

test('an audit that runs out of time says how to give it more', async () => {
  const databases = openDatabases('test', shop.addresses, silent, 60_000);
  const holder = new Client(shop.addresses.payment);
  await holder.connect();
  await holder.query('BEGIN; LOCK TABLE charges IN ACCESS EXCLUSIVE MODE');
  try {
    await expect(audit(databases, { withinMs: 300 })).rejects.toThrow(
      'The audit did not finish within 0.3 s. Raise AUDIT_TIMEOUT_MS',
    );
  } finally {
    await holder.end();
    await databases.close();
  }
});

test('a statement of the auditor may take longer than one of a service', async () => {
  const databases = openDatabases('test', shop.addresses, silent, 600_000);
  const show = statement<{ statement_timeout: string }>('show', 'SHOW statement_timeout');
  try {
    const shown = await databases.stock.transaction((tx) => tx.run(show));
    expect(shown).toEqual([{ statement_timeout: '10min' }]);
  } finally {
    await databases.close();
  }
});
