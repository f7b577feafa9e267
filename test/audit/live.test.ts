import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openBooks } from '../../audit/src/books';
import { judgeSaga, type SagaView } from '../../audit/src/invariants/judge';
import { watch } from '../../audit/src/watch';
import { createLogger } from '../../shared/observe/log';
import { connectPublisher } from '../../shared/rabbit/publisher';
import { DEAD_LETTERS, exchangeOf } from '../../shared/rabbit/topology';
import { auditNow, auditOf } from '../support/audit';
import { createVhost } from '../support/cluster';
import { sagaId } from '../support/events';
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
  await shop.placeOrder(sale, 'CHECKING_OUT', 'PENDING');
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
  await shop.placeOrder(sale, 'PAID', 'PAID');
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
  await shop.run('order', `UPDATE orders SET status = 'OPEN' WHERE id = $1`, [sale.order]);
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
  while (!publisher.connected()) await sleep(20);
  await auditNow({ ...shop.addresses, amqp });

  const message = { body: '[]', contentType: 'application/json' };
  await publisher.publish({ ...message, exchange: exchangeOf('stock'), routingKey: 'stock.rejected' });
  await publisher.publish({ ...message, exchange: DEAD_LETTERS, routingKey: 'stock.settle' });
  await publisher.close();
  const settled = await auditOf({ ...shop.addresses, amqp });
  expect(settled.findings.map((finding) => finding.detail).sort()).toEqual([
    'messages left in queue order.settle: 1',
    'messages left in queue stock.settle.dead: 1',
  ]);
  const live = await auditOf({ ...shop.addresses, amqp }, 30_000);
  expect(live.findings.map((finding) => finding.detail)).toEqual([
    'messages left in queue stock.settle.dead: 1',
  ]);
});

test('what is wrong is listed by name in the error of a test that ends with an audit', async () => {
  await shop.run('payment', `UPDATE users SET credit = 99 WHERE id = 'ann'`);
  await expect(auditNow(shop.addresses)).rejects.toThrow(
    /I1 is violated: money.*\n {2}user ann: the credit is 99, but the ledger adds up to 100\n/,
  );
});

test('the watch exports what it finds, and when it last could look', async () => {
  await shop.run('payment', `UPDATE users SET credit = 99 WHERE id = 'ann'`);
  const books = openBooks(shop.addresses, silent);
  const watching = await watch(books, silent, {
    host: '127.0.0.1',
    port: 0,
    intervalMs: 60_000,
    inFlightMs: 30_000,
  });
  try {
    const page = await (await fetch(`http://127.0.0.1:${watching.port}/metrics`)).text();
    expect(page).toContain('saga_invariant_violation{invariant="I1"} 1\n');
    expect(page).toContain('saga_invariant_violation{invariant="I3"} 0\n');
    const [, time] = /^saga_audit_last_success_timestamp_seconds (\S+)$/m.exec(page) ?? [];
    expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(30);
    expect((await fetch(`http://127.0.0.1:${watching.port}/readyz`)).status).toBe(200);
  } finally {
    await watching.stop();
    await books.close();
  }
});
