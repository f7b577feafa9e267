import { statement } from '../../shared/postgres/statement';
import { moveStock } from '../../stock/src/http/adjust-stock';
import { itemsWaitedForLong, serveWaiting } from '../../stock/src/saga/2-reserve-stock/serve-waiting';
import {
  checkoutRequested,
  paymentCaptured,
  paymentRejected,
  purchase,
  stockRejected,
  stockReleased,
  stockReserved,
} from '../support/events';
import { stockBench } from './stock';

const stock = stockBench();
const [first, second, third, fourth] = [purchase(1), purchase(2), purchase(3), purchase(4)];

test('who waits is served when the units come back', async () => {
  await stock.shelve({ a: 1 });
  await stock.reserve(checkoutRequested(first, { a: 1 }), checkoutRequested(second, { a: 1 }));
  await stock.settle(paymentRejected(first));
  expect(stock.told).toEqual([{ compensated: 1, itemIds: ['a'] }]);
  expect(await stock.serve('a')).toEqual([stockReserved(second)]);
  expect(await stock.shelves()).toEqual({ a: [0, 1] });
});

test('who waits is refused when the units are sold for good', async () => {
  await stock.shelve({ a: 1 });
  await stock.reserve(checkoutRequested(first, { a: 1 }), checkoutRequested(second, { a: 1 }));
  await stock.settle(paymentCaptured(first));
  expect(stock.told).toEqual([{ compensated: 0, itemIds: ['a'] }]);
  expect(await stock.serve('a')).toEqual([stockRejected(second)]);
  expect(await stock.stateOf(second)).toBe('REJECTED');
  expect(await stock.shelves()).toEqual({ a: [0, 0] });
});

test('who waits goes on waiting while others still hold enough', async () => {
  await stock.shelve({ a: 2 });
  await stock.reserve(
    checkoutRequested(first, { a: 1 }),
    checkoutRequested(second, { a: 1 }),
    checkoutRequested(third, { a: 1 }),
  );
  await stock.settle(paymentCaptured(first));
  expect(await stock.serve('a')).toEqual([]);
  expect(await stock.stateOf(third)).toBe('WAITING');
  await stock.settle(paymentRejected(second));
  expect(await stock.serve('a')).toEqual([stockReserved(third)]);
});

test('who came first keeps the place while another replica looks at it', async () => {
  await stock.shelve({ a: 1, b: 2 });
  await stock.reserve(
    checkoutRequested(first, { a: 1 }),
    checkoutRequested(second, { a: 1, b: 1 }),
    checkoutRequested(third, { b: 2 }),
  );
  const look = statement('test_look_at', 'SELECT FROM reservations WHERE saga_id = $1 FOR NO KEY UPDATE');
  await stock.overlap(
    (tx) => tx.run(look, [second.saga_id]),
    (tx) => serveWaiting(tx, ['b']),
  );
  expect([await stock.stateOf(second), await stock.stateOf(third)]).toEqual(['WAITING', 'WAITING']);
});

test('who waits is served when stock is added', async () => {
  await stock.shelve({ a: 1 });
  await stock.reserve(checkoutRequested(first, { a: 1 }), checkoutRequested(second, { a: 1 }));
  await stock.transaction((tx) => moveStock(tx, 'a', 1));
  expect(await stock.serve('a')).toEqual([stockReserved(second)]);
  expect(await stock.shelves()).toEqual({ a: [0, 2] });
});

test('who waits is refused when stock is taken away beyond help', async () => {
  await stock.shelve({ a: 3 });
  await stock.reserve(checkoutRequested(first, { a: 1 }), checkoutRequested(second, { a: 3 }));
  await stock.transaction((tx) => moveStock(tx, 'a', -2));
  expect(await stock.serve('a')).toEqual([stockRejected(second)]);
});

test('who stood behind a waiting checkout is served when that one is cancelled', async () => {
  await stock.shelve({ a: 3 });
  await stock.reserve(
    checkoutRequested(first, { a: 2 }),
    checkoutRequested(second, { a: 2 }),
    checkoutRequested(third, { a: 1 }),
  );
  await stock.settle(paymentRejected(second, 'cancelled'));
  expect(stock.told).toEqual([{ compensated: 0, itemIds: ['a'] }]);
  expect(await stock.serve('a')).toEqual([stockReserved(third)]);
  expect(await stock.shelves()).toEqual({ a: [0, 3] });
});

test('who came first is served first, and a small order does not slip past a large one', async () => {
  await stock.shelve({ a: 4 });
  await stock.reserve(
    checkoutRequested(first, { a: 4 }),
    checkoutRequested(second, { a: 3 }),
    checkoutRequested(third, { a: 2 }),
    checkoutRequested(fourth, { a: 1 }),
  );
  await stock.settle(paymentRejected(first));
  expect(await stock.serve('a')).toEqual([stockReserved(second)]);
  expect(await stock.shelves()).toEqual({ a: [1, 3] });
  await stock.settle(paymentCaptured(second));
  expect(await stock.serve('a')).toEqual([stockRejected(third), stockReserved(fourth)]);
});

test('all lines or none: who waits for two items holds neither until both are there', async () => {
  await stock.shelve({ a: 1, b: 1 });
  await stock.reserve(
    checkoutRequested(first, { a: 1 }),
    checkoutRequested(second, { b: 1 }),
    checkoutRequested(third, { a: 1, b: 1 }),
  );
  await stock.settle(paymentRejected(first));
  expect(await stock.serve('a')).toEqual([]);
  expect(await stock.shelves()).toEqual({ a: [1, 0], b: [0, 1] });
  await stock.settle(paymentRejected(second));
  expect(await stock.serve('b')).toEqual([stockReserved(third)]);
});

test('news of one item reaches those whose items overlap only by way of somebody else', async () => {
  await stock.shelve({ a: 1, b: 1, c: 1 });
  // The second waits for a; the third waits behind it for b, and the fourth behind the third for c.
  await stock.reserve(
    checkoutRequested(first, { a: 1 }),
    checkoutRequested(second, { a: 1, b: 1 }),
    checkoutRequested(third, { b: 1, c: 1 }),
    checkoutRequested(fourth, { c: 1 }),
  );
  expect(await stock.stateOf(fourth)).toBe('WAITING');
  await stock.settle(paymentCaptured(first));
  expect(await stock.serve('a')).toEqual([stockRejected(second), stockReserved(third)]);
  await stock.settle(paymentRejected(third));
  expect(await stock.serve('b', 'c')).toEqual([stockReserved(fourth)]);
});

test('a waiting checkout that is cancelled gives nothing back, because it held nothing', async () => {
  await stock.shelve({ a: 1 });
  await stock.reserve(checkoutRequested(first, { a: 1 }), checkoutRequested(second, { a: 1 }));
  const { emit } = await stock.settle(paymentRejected(second, 'cancelled'));
  expect(emit).toEqual([stockReleased(second, 'cancelled')]);
  expect(await stock.shelves()).toEqual({ a: [0, 1] });
  await stock.settle(paymentRejected(first));
  expect(await stock.serve('a')).toEqual([]);
  expect(await stock.shelves()).toEqual({ a: [1, 0] });
});

test('two replicas that hear the same news serve each waiting checkout once', async () => {
  await stock.shelve({ a: 2 });
  await stock.reserve(
    checkoutRequested(first, { a: 2 }),
    checkoutRequested(second, { a: 1 }),
    checkoutRequested(third, { a: 1 }),
  );
  await stock.settle(paymentRejected(first));
  const [one, two] = await stock.overlap(
    (tx) => serveWaiting(tx, ['a']),
    (tx) => serveWaiting(tx, ['a']),
  );
  expect(one.emit).toEqual([stockReserved(second), stockReserved(third)]);
  expect(two.emit).toEqual([]);
  expect(await stock.shelves()).toEqual({ a: [0, 2] });
});

test('a cancel that arrives while its checkout is being served undoes it', async () => {
  await stock.shelve({ a: 1 });
  await stock.reserve(checkoutRequested(first, { a: 1 }), checkoutRequested(second, { a: 1 }));
  await stock.settle(paymentRejected(first));
  const [served, cancelled] = await Promise.all([
    stock.serve('a'),
    stock.settle(paymentRejected(second, 'cancelled')),
  ]);
  expect(cancelled.emit).toEqual([stockReleased(second, 'cancelled')]);
  expect([[], [stockReserved(second)]]).toContainEqual(served);
  expect(await stock.shelves()).toEqual({ a: [1, 0] });
});

test('exactly the units there are get sold when the first buyers cannot pay', async () => {
  await stock.shelve({ a: 10 });
  const buyers = Array.from({ length: 30 }, (_, n) => purchase(n));
  const told = (await stock.reserve(...buyers.map((buyer) => checkoutRequested(buyer, { a: 1 })))).emit;
  for (let asked = told; asked.length > 0; asked = await stock.serve('a')) {
    told.push(...(asked === told ? [] : asked));
    for (const { type, data } of asked) {
      const buyer = buyers.find(({ saga_id }) => saga_id === data.saga_id) ?? first;
      const canPay = buyers.indexOf(buyer) % 2 === 1;
      if (type === 'stock.reserved') {
        await stock.settle((canPay ? paymentCaptured : paymentRejected)(buyer));
      }
    }
  }
  const sold = `SELECT count(*)::int AS sold FROM reservations WHERE state = 'COMMITTED'`;
  expect(await stock.query(sold)).toEqual([{ sold: 10 }]);
  const waiting = `SELECT FROM reservations WHERE state = 'WAITING'`;
  expect(await stock.query(waiting)).toEqual([]);
});

test('nothing is touched when nobody waits', async () => {
  await stock.shelve({ a: 1 });
  await stock.reserve(checkoutRequested(first, { a: 1 }));
  expect(await stock.serve('a', 'nowhere')).toEqual([]);
  expect(await stock.shelves()).toEqual({ a: [0, 1] });
});

test('the sweep finds the items of those who have waited for long, and of nobody else', async () => {
  await stock.shelve({ a: 1, b: 1 });
  await stock.reserve(checkoutRequested(first, { a: 1, b: 1 }));
  await stock.reserve(checkoutRequested(second, { a: 1 }), checkoutRequested(third, { b: 1 }));
  expect(await stock.transaction(itemsWaitedForLong)).toEqual([]);
  const age = `UPDATE reservations SET created_at = now() - interval '1 minute' WHERE saga_id = $1`;
  await stock.query(age, [second.saga_id]);
  expect(await stock.transaction(itemsWaitedForLong)).toEqual(['a']);
});
