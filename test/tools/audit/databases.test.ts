import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { participantNames } from '../../../shared/services';
import type { Finding } from '../../../tools/audit/finding';
import { auditOf } from '../../support/audit';
import { sagaId } from '../../support/events';
import { HandMadeShop, type Sale } from './hand-made';

let shop: HandMadeShop;
beforeAll(async () => {
  shop = await HandMadeShop.open();
});
afterAll(() => shop.close());

const sale: Sale = { saga: sagaId(1), order: 'order-1', user: 'ann' };
const other: Sale = { saga: sagaId(2), order: 'order-2', user: 'bob' };
const idsOf = ({ saga, order, user }: Sale) => ({ saga_id: saga, order_id: order, user_id: user });

/** A correct shop: two sold orders. */
beforeEach(async () => {
  await shop.clear();
  await shop.stockUp();
  for (const each of [sale, other]) {
    await shop.addUser(each.user);
    await shop.sell(each);
  }
});

/** Longer than any checkout here has been in flight. */
const IN_FLIGHT_MS = 300_000;

async function expectFindings(...expected: Partial<Record<keyof Finding, unknown>>[]): Promise<void> {
  const findings = await shop.findings();
  expect(findings).toHaveLength(expected.length);
  expect(findings).toEqual(
    expect.arrayContaining(expected.map((finding) => expect.objectContaining(finding))),
  );
}

describe('finds nothing', () => {
  test('in a shop that sold two orders', () => expectFindings());

  test('in an empty shop', async () => {
    await shop.clear();
    await expectFindings();
  });

  test('when one checkout was rejected, one was cancelled late, and one was released before it arrived', async () => {
    const [rejected, late, released] = [3, 4, 5].map((n) => ({
      ...sale,
      saga: sagaId(n),
      order: `failed-${n}`,
    }));
    for (const each of [rejected, late, released] as Sale[]) {
      await shop.placeOrder(each, 'FAILED');
    }
    await shop.reserve(rejected as Sale, 'REJECTED');
    await shop.reserve(late as Sale, 'REJECTED');
    await shop.decide(late as Sale, 'CANCELLED');
    await shop.reserve(released as Sale, 'RELEASED');
    await shop.run('stock', `UPDATE reservations SET item_ids = '{}', quantities = '{}' WHERE saga_id = $1`, [
      sagaId(5),
    ]);
    await shop.decide(released as Sale, 'REJECTED');
    await expectFindings();
  });

  test('when an order failed and was then sold by a second checkout with other lines', async () => {
    const first = { ...sale, saga: sagaId(3) };
    await shop.run(
      'order',
      `INSERT INTO sagas SELECT $1, order_id, user_id, 5, 'FAILED', 'out_of_stock', traceparent,
         opened_at - interval '1 minute', deadline_at, settled_at FROM sagas WHERE id = $2`,
      [first.saga, sale.saga],
    );
    await shop.run(
      'stock',
      `INSERT INTO reservations (saga_id, order_id, user_id, amount, item_ids, quantities, state, reason, traceparent)
       VALUES ($1, $2, $3, 5, '{item-a}', '{1}', 'REJECTED', 'out_of_stock', '')`,
      [first.saga, first.order, first.user],
    );
    await expectFindings();
  });

  test('when batch_init replaced a sold order and the new one was sold as well', async () => {
    await shop.run('order', 'UPDATE orders SET saga_id = NULL, created_at = now() WHERE id = $1', [
      sale.order,
    ]);
    await expectFindings();
    await shop.sell({ ...sale, saga: sagaId(3) });
    await shop.run('order', 'UPDATE sagas SET opened_at = now(), settled_at = now() WHERE id = $1', [
      sagaId(3),
    ]);
    await expectFindings();
  });

  test('when a rejection was forged for a saga that order never opened', async () => {
    await shop.reserve({ ...sale, saga: sagaId(3) }, 'RELEASED');
    await expectFindings();
  });
});

describe('I1 finds', () => {
  test('a credit that its ledger does not explain', async () => {
    await shop.run('payment', `UPDATE users SET credit = credit + 1 WHERE id = 'ann'`);
    await expectFindings({
      invariant: 'I1',
      user_id: 'ann',
      detail: 'the credit is 81, but the ledger adds up to 80',
    });
  });

  test('a negative credit', async () => {
    await shop.run('payment', 'ALTER TABLE users DROP CONSTRAINT users_credit');
    await shop.run('payment', `UPDATE users SET credit = -1 WHERE id = 'ann'`);
    await shop.run('payment', `INSERT INTO credit_ledger (user_id, delta, kind) VALUES ('ann', -81, 'pay')`);
    await expectFindings({
      invariant: 'I1',
      user_id: 'ann',
      detail: expect.stringContaining('negative') as never,
    });
  });

  test('a missing user', async () => {
    await shop.run('payment', `DELETE FROM users WHERE id = 'bob'`);
    await expectFindings({ invariant: 'I1', user_id: 'bob' });
  });

  test('a charge that is in the ledger twice', async () => {
    await shop.run(
      'payment',
      `INSERT INTO credit_ledger (user_id, delta, kind, saga_id, order_id) VALUES ('ann', -20, 'capture', $1, $2)`,
      [sale.saga, sale.order],
    );
    await shop.run('payment', `UPDATE users SET credit = credit - 20 WHERE id = 'ann'`);
    await expectFindings({ invariant: 'I1', ...idsOf(sale) });
  });

  test('credit that was taken from another user', async () => {
    await shop.run('payment', `UPDATE credit_ledger SET user_id = 'bob' WHERE saga_id = $1`, [sale.saga]);
    await shop.run('payment', `UPDATE users SET credit = credit + CASE id WHEN 'ann' THEN 20 ELSE -20 END`);
    await expectFindings({ invariant: 'I1', ...idsOf(sale) });
  });

  test('a payment of an order that was cancelled and never refunded', async () => {
    await shop.run('payment', `UPDATE order_payments SET state = 'CANCELLED' WHERE user_id = 'ann'`);
    await expectFindings({ invariant: 'I1', user_id: 'ann', order_id: 'outside' });
  });
});

test('the report shows how many units were added, and how many are available, reserved and sold', async () => {
  const pending = { saga: sagaId(3), order: 'order-3', user: 'ann' };
  await shop.placeOrder(pending, 'PENDING');
  await shop.reserve(pending, 'RESERVED');
  const { figures } = await auditOf(shop.addresses, IN_FLIGHT_MS);
  const units = { added: '201', subtracted: '1', available: '191', held: '3', sold: '6' };
  expect(figures.stock).toEqual({ items: '2', ...units });
});

describe('I2 finds', () => {
  test('stock that its ledger does not explain', async () => {
    await shop.run('stock', `UPDATE items SET available = available - 1 WHERE id = 'item-b'`);
    await expectFindings({ invariant: 'I2', item_id: 'item-b' });
  });

  test('units that are reserved and available at the same time', async () => {
    const pending = { saga: sagaId(3), order: 'order-3', user: 'ann' };
    await shop.placeOrder(pending, 'PENDING');
    await shop.reserve(pending, 'RESERVED');
    await shop.run('stock', `UPDATE items SET available = available + 1 WHERE id = 'item-b'`);
    expect(await shop.findings(IN_FLIGHT_MS)).toMatchObject([{ invariant: 'I2', item_id: 'item-b' }]);
  });

  test('a sale that is missing in the ledger, with its units back on sale', async () => {
    await shop.run('stock', `DELETE FROM stock_ledger WHERE saga_id = $1 AND item_id = 'item-a'`, [
      sale.saga,
    ]);
    await shop.run('stock', `UPDATE items SET available = available + 2 WHERE id = 'item-a'`);
    await expectFindings({ invariant: 'I2', saga_id: sale.saga, item_id: 'item-a' });
  });

  test('a missing item', async () => {
    await shop.run('stock', `DELETE FROM items WHERE id = 'item-a'`);
    await expectFindings({ invariant: 'I2', item_id: 'item-a' });
  });
});

test('a saga that a restore took back is not judged, and every other one is', async () => {
  await shop.run('order', 'UPDATE orders SET saga_id = NULL');
  await shop.run('order', 'DELETE FROM sagas');
  const found = async (...lost: string[]) =>
    (await auditOf(shop.addresses, undefined, new Set(lost))).findings.map(({ saga_id }) => saga_id);
  expect(new Set(await found())).toEqual(new Set([sale.saga, other.saga]));
  expect(await found(sale.saga)).toEqual([other.saga]);
  expect(await found(sale.saga, other.saga)).toEqual([]);
});

describe('I3 finds', () => {
  test('a saga that was charged although its order failed', async () => {
    await shop.run('order', `UPDATE sagas SET state = 'FAILED', reason = 'cancelled' WHERE id = $1`, [
      sale.saga,
    ]);
    await expectFindings({ invariant: 'I3', ...idsOf(sale) });
  });

  test('a saga that was paid and sold but not charged', async () => {
    await shop.run('payment', 'DELETE FROM charges WHERE saga_id = $1', [sale.saga]);
    await shop.run('payment', 'DELETE FROM credit_ledger WHERE saga_id = $1', [sale.saga]);
    await shop.run('payment', `UPDATE users SET credit = credit + 20 WHERE id = 'ann'`);
    await expectFindings({ invariant: 'I3', ...idsOf(sale) });
  });

  test('units sold and credit charged for a saga that order does not know', async () => {
    const forged = { saga: sagaId(3), order: 'order-3', user: 'ann' };
    await shop.reserve(forged, 'COMMITTED');
    await shop.decide(forged, 'CAPTURED');
    await expectFindings({ invariant: 'I3', ...idsOf(forged) });
  });

  test('a failed saga that stock released without a decision of payment', async () => {
    const failed = { saga: sagaId(3), order: 'order-3', user: 'ann' };
    await shop.placeOrder(failed, 'FAILED');
    await shop.reserve(failed, 'RELEASED');
    await expectFindings({ invariant: 'I3', ...idsOf(failed) });
  });

  test('a failed saga that was charged without anything reserved', async () => {
    const failed = { saga: sagaId(3), order: 'order-3', user: 'ann' };
    await shop.placeOrder(failed, 'FAILED');
    await shop.reserve(failed, 'REJECTED');
    await shop.decide(failed, 'CAPTURED');
    await expectFindings({ invariant: 'I3', ...idsOf(failed) });
  });
});

test('I4 finds an order that was charged by two sagas', async () => {
  await shop.placeOrder({ ...sale, saga: sagaId(3) }, 'PAID');
  await shop.reserve({ ...sale, saga: sagaId(3) }, 'COMMITTED');
  await shop.decide({ ...sale, saga: sagaId(3) }, 'CAPTURED');
  const findings = await shop.findings();
  expect(findings.map((finding) => finding.invariant).sort()).toEqual(['I4', 'I9']);
  expect(findings).toContainEqual(
    expect.objectContaining({ invariant: 'I4', order_id: sale.order, saga_id: sale.saga }),
  );
});

describe('after a restore, names the saga, the order, the user, the amount, and who has lost what', () => {
  const lost = (detail: string) =>
    expectFindings({ invariant: 'I3', ...idsOf(sale), detail: expect.stringContaining(detail) as never });

  test('when order has lost the saga', async () => {
    await shop.run('order', 'DELETE FROM sagas WHERE id = $1', [sale.saga]);
    await shop.run('order', 'UPDATE orders SET saga_id = NULL WHERE id = $1', [sale.order]);
    await lost(
      'order has lost the saga; the user was charged 20 for 1 of item-b, 2 of item-a, which stock has sold',
    );
  });

  test('when order has lost the order as well', async () => {
    await shop.run('order', 'DELETE FROM sagas WHERE id = $1', [sale.saga]);
    await shop.run('order', 'DELETE FROM orders WHERE id = $1', [sale.order]);
    await lost('order has lost the saga; the user was charged 20 for 1 of item-b, 2 of item-a');
  });

  test('when stock has lost the reservation', async () => {
    await shop.run('stock', 'DELETE FROM reservations WHERE saga_id = $1', [sale.saga]);
    await shop.run('stock', 'DELETE FROM stock_ledger WHERE saga_id = $1', [sale.saga]);
    await shop.run(
      'stock',
      `UPDATE items SET available = available + CASE id WHEN 'item-a' THEN 2 ELSE 1 END`,
    );
    await lost(
      'stock has lost the saga; the user was charged 20 and told so, but 1 of item-b, 2 of item-a can be sold again',
    );
  });

  test('when payment has lost the charge', async () => {
    await shop.run('payment', 'DELETE FROM charges WHERE saga_id = $1', [sale.saga]);
    await shop.run('payment', 'DELETE FROM credit_ledger WHERE saga_id = $1', [sale.saga]);
    await shop.run('payment', `UPDATE users SET credit = credit + 20 WHERE id = 'ann'`);
    await lost(
      'payment has lost the saga; 1 of item-b, 2 of item-a were sold and the user was told so, but the charge of 20 is gone',
    );
  });

  test('when a later life of an order was charged, and order only knows the earlier one', async () => {
    await shop.run('order', 'UPDATE orders SET first_saga_id = $1', [sale.saga]);
    const later = { ...sale, saga: '00000000-0000-7000-8000-000001000000' };
    await shop.reserve(later, 'COMMITTED');
    await shop.decide(later, 'CAPTURED');
    await expectFindings({ invariant: 'I3', ...idsOf(later) });
  });
});

describe('I5 finds', () => {
  test('an order whose lines add up to another amount than was charged', async () => {
    await shop.run('order', `UPDATE order_lines SET price = 6 WHERE order_id = $1 AND item_id = 'item-a'`, [
      sale.order,
    ]);
    await expectFindings({ invariant: 'I5', ...idsOf(sale) });
  });

  test('an order whose lines are not those that were reserved, at the same total', async () => {
    await shop.run(
      'order',
      `UPDATE order_lines SET item_id = 'item-c' WHERE order_id = $1 AND item_id = 'item-a'`,
      [sale.order],
    );
    await expectFindings({
      invariant: 'I5',
      ...idsOf(sale),
      detail: expect.stringContaining('item-c') as never,
    });
  });

  test('a charge of another amount', async () => {
    await shop.run('payment', 'UPDATE charges SET amount = 19 WHERE saga_id = $1', [sale.saga]);
    await shop.run('payment', 'UPDATE credit_ledger SET delta = -19 WHERE saga_id = $1', [sale.saga]);
    await shop.run('payment', `UPDATE users SET credit = credit + 1 WHERE id = 'ann'`);
    await expectFindings({ invariant: 'I5', ...idsOf(sale) });
  });

  test('a charge of another user', async () => {
    await shop.run('payment', `UPDATE charges SET user_id = 'bob' WHERE saga_id = $1`, [sale.saga]);
    await shop.run('payment', `UPDATE credit_ledger SET user_id = 'bob' WHERE saga_id = $1`, [sale.saga]);
    await shop.run('payment', `UPDATE users SET credit = credit + CASE id WHEN 'ann' THEN 20 ELSE -20 END`);
    await expectFindings({ invariant: 'I5', ...idsOf(sale) });
  });
});

describe('a disputed order', () => {
  /** Order had lost the sale, and was asked for three of item-a instead. */
  beforeEach(async () => {
    await shop.run('order', `UPDATE sagas SET state = 'DISPUTED' WHERE id = $1`, [sale.saga]);
    await shop.run('order', 'DELETE FROM order_lines WHERE order_id = $1', [sale.order]);
    await shop.run('order', `INSERT INTO order_lines VALUES ($1, 'item-a', 3, 5)`, [sale.order]);
  });

  test('is one finding of I5, with what was charged, what was sold and what it asks for', async () => {
    await expectFindings({
      invariant: 'I5',
      ...idsOf(sale),
      detail:
        'disputed: the user was charged 20 for 1 of item-b, 2 of item-a, which order had lost, and then asked for 3 of ' +
        'item-a; nothing more was charged',
    });
    expect(await shop.findings(30_000)).toHaveLength(1);
  });

  test('is no finding once an operator has made it say what was sold', async () => {
    await shop.run('order', 'DELETE FROM order_lines WHERE order_id = $1', [sale.order]);
    await shop.run('order', `INSERT INTO order_lines VALUES ($1, 'item-a', 2, 5), ($1, 'item-b', 1, 10)`, [
      sale.order,
    ]);
    await shop.run('order', `UPDATE sagas SET state = 'PAID' WHERE id = $1`, [sale.saga]);
    await expectFindings();
  });

  test('that was not charged contradicts the other services', async () => {
    await shop.run('payment', 'DELETE FROM charges WHERE saga_id = $1', [sale.saga]);
    await shop.run('payment', 'DELETE FROM credit_ledger WHERE saga_id = $1', [sale.saga]);
    await shop.run('payment', `UPDATE users SET credit = credit + 20 WHERE id = 'ann'`);
    await expectFindings({ invariant: 'I3', ...idsOf(sale) }, { invariant: 'I5', ...idsOf(sale) });
  });

  test('stays the order of its saga', async () => {
    await shop.run('order', 'UPDATE orders SET saga_id = NULL WHERE id = $1', [sale.order]);
    expect(await shop.findings()).toContainEqual(
      expect.objectContaining({ invariant: 'I9', ...idsOf(sale) }),
    );
  });
});

describe('I6 finds', () => {
  const open = { saga: sagaId(3), order: 'order-3', user: 'ann' };

  test('a pending saga and its reservation', async () => {
    await shop.placeOrder(open, 'PENDING');
    await shop.reserve(open, 'RESERVED');
    await expectFindings(
      { invariant: 'I6', ...idsOf(open), detail: expect.stringContaining('PENDING') as never },
      { invariant: 'I6', ...idsOf(open), detail: expect.stringContaining('RESERVED') as never },
    );
  });

  test('a pending saga and an unsent event that are dated in the future, because the clock was set back since', async () => {
    await shop.placeOrder(open, 'PENDING');
    await shop.run('order', `UPDATE sagas SET opened_at = now() + interval '1 hour' WHERE id = $1`, [
      open.saga,
    ]);
    await shop.run(
      'payment',
      `INSERT INTO outbox (routing_key, body, created_at) VALUES ('a', '[]', now() + interval '1 hour')`,
    );
    await expectFindings(
      { invariant: 'I6', ...idsOf(open), detail: expect.stringContaining('PENDING') as never },
      { invariant: 'I6', detail: expect.stringContaining('outbox of payment') as never },
    );
  });

  test.each(participantNames)('an event that %s never sent', async (service) => {
    await shop.run(service, `INSERT INTO outbox (routing_key, body) VALUES ('${service}.happened', '[]')`);
    await expectFindings({
      invariant: 'I6',
      detail: expect.stringContaining(`outbox of ${service}`) as never,
    });
  });

  test.each(participantNames)('an event that %s has deferred, with the locked row', async (service) => {
    await shop.run(
      service,
      `INSERT INTO deferred_events (queue, saga_id, body, blocked_by, retry_at)
       VALUES ('some.queue', $1, '[]', 'items/42', now())`,
      [sale.saga],
    );
    await expectFindings({
      invariant: 'I6',
      saga_id: sale.saga,
      detail: expect.stringContaining('locked items/42') as never,
    });
  });
});

describe('I9 finds', () => {
  test('an order that was paid and is open again', async () => {
    await shop.run('order', 'UPDATE orders SET saga_id = NULL WHERE id = $1', [sale.order]);
    await expectFindings({ invariant: 'I9', ...idsOf(sale) });
  });

  test('a paid order that is missing', async () => {
    await shop.run('order', 'DELETE FROM orders WHERE id = $1', [sale.order]);
    await expectFindings({ invariant: 'I9', ...idsOf(sale) });
  });

  test('an order in a saga that does not exist', async () => {
    await shop.run('order', `INSERT INTO orders (id, user_id, saga_id) VALUES ('order-9', 'ann', $1)`, [
      sagaId(9),
    ]);
    await expectFindings({
      invariant: 'I9',
      ...idsOf({ saga: sagaId(9), order: 'order-9', user: 'ann' }),
      detail: 'the order refers to a saga that does not exist',
    });
  });

  test('an order that is paid by a saga of another order', async () => {
    await shop.run('order', 'UPDATE orders SET saga_id = $2 WHERE id = $1', [sale.order, other.saga]);
    const findings = await shop.findings();
    expect(findings).toContainEqual(expect.objectContaining({ invariant: 'I9', order_id: sale.order }));
  });
});

describe('a restock', () => {
  const lamp = { saga_id: sagaId(11), item_id: 'lamp' };
  const inCatalog = (state: string, quantity = 5) =>
    shop.run(
      'catalog',
      `INSERT INTO restocks (id, item_id, quantity, price, state, reason, traceparent, created_at)
       VALUES ($1, 'lamp', $2, 10, $3::text, CASE $3::text WHEN 'REFUSED' THEN 'other_price' END, '', now() - interval '2 minutes')`,
      [lamp.saga_id, quantity, state],
    );
  const inStock = (reason: string | null = null) =>
    shop.run(
      'stock',
      `INSERT INTO restocks (id, item_id, quantity, price, reason, created_at)
       VALUES ($1, 'lamp', 5, 10, $2, now() - interval '2 minutes')`,
      [lamp.saga_id, reason],
    );
  const added = async () => {
    await shop.run('stock', `INSERT INTO items (id, price, available) VALUES ('lamp', 10, 5)`);
    await shop.run(
      'stock',
      `INSERT INTO stock_ledger (item_id, delta, kind, saga_id) VALUES ('lamp', 5, 'restock', $1)`,
      [lamp.saga_id],
    );
  };

  test('that was added, or refused, is in order', async () => {
    await inCatalog('DONE');
    await inStock();
    await added();
    await expectFindings();
    await shop.clear();
    await inCatalog('REFUSED');
    await inStock('other_price');
    await expectFindings();
  });

  test('that was added, and that catalog has forgotten, is found', async () => {
    await inStock();
    await added();
    await expectFindings({ invariant: 'I11', ...lamp, detail: expect.stringContaining('does not know') });
  });

  test('that catalog calls done, and that stock has forgotten, is found', async () => {
    await inCatalog('DONE');
    await expectFindings({
      invariant: 'I11',
      ...lamp,
      detail: expect.stringContaining('stock says nothing'),
    });
  });

  test('on whose units they differ is found', async () => {
    await inCatalog('DONE', 6);
    await inStock();
    await added();
    await expectFindings({
      ...{ invariant: 'I11', ...lamp },
      detail: 'catalog says 6 of lamp at 10, added, and stock says 5 of lamp at 10, added',
    });
  });

  test('whose units are not in the ledger is found', async () => {
    await inCatalog('DONE');
    await inStock();
    await expectFindings({ invariant: 'I11', ...lamp });
  });

  test('that has no answer is found when nothing may be in flight, or when it is old', async () => {
    await inCatalog('REQUESTED');
    await expectFindings({ invariant: 'I6', ...lamp });
    expect(await shop.findings(IN_FLIGHT_MS)).toEqual([]);
    expect(await shop.findings(60_000)).toHaveLength(1);
  });
});

describe('I12 finds', () => {
  beforeEach(async () => {
    await shop.run('catalog', `INSERT INTO votes (item_id, user_id, stars) VALUES ('lamp', 'ann', 5)`);
    await shop.run('catalog', `INSERT INTO vote_ledger (item_id, user_id, stars) VALUES ('lamp', 'ann', 4)`);
    await shop.run(
      'catalog',
      `INSERT INTO vote_ledger (item_id, user_id, before, stars) VALUES ('lamp', 'ann', 4, 5)`,
    );
    await shop.run('catalog', `INSERT INTO vote_counts VALUES ('lamp', '{0,0,0,0,1}')`);
  });

  test('nothing where the counts are right', () => expectFindings());

  test.each([
    ['a count that nobody voted for', `UPDATE vote_counts SET counts = '{0,0,0,1,1}'`],
    ['a vote that was not counted', `INSERT INTO votes (item_id, user_id, stars) VALUES ('lamp', 'bob', 1)`],
    ['a vote that the ledger does not have', `DELETE FROM vote_ledger WHERE before IS NOT NULL`],
    ['a product without counts', 'DELETE FROM vote_counts'],
  ])('%s', async (_, sql) => {
    await shop.run('catalog', sql);
    await expectFindings({ invariant: 'I12', item_id: 'lamp' });
  });
});
