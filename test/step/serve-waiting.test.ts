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
import { stockFixture, withoutLines } from './stock-fixture';

const stock = stockFixture();
const [first, second, third, fourth] = [purchase(1), purchase(2), purchase(3), purchase(4)];

test('a waiting saga is served when units are released', async () => {
  await stock.addItems({ a: 1 });
  await stock.reserve(checkoutRequested(first, { a: 1 }), checkoutRequested(second, { a: 1 }));
  await stock.settle(paymentRejected(first));
  expect(stock.reported).toMatchObject([{ compensated: 1, waitedFor: ['a'] }]);
  expect(await stock.serve('a')).toEqual([stockReserved(second)]);
  expect(await stock.units()).toEqual({ a: [0, 1] });
});

test('a waiting saga is refused when the last units are sold', async () => {
  await stock.addItems({ a: 1 });
  await stock.reserve(checkoutRequested(first, { a: 1 }), checkoutRequested(second, { a: 1 }));
  await stock.settle(paymentCaptured(first));
  expect(stock.reported).toMatchObject([{ compensated: 0, waitedFor: ['a'] }]);
  expect(await stock.serve('a')).toEqual([stockRejected(second)]);
  expect(await stock.stateOf(second)).toBe('REJECTED');
  expect(await stock.units()).toEqual({ a: [0, 0] });
});

test('a waiting saga keeps waiting while other sagas have enough units reserved', async () => {
  await stock.addItems({ a: 2 });
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

test('a waiting saga keeps its place while another replica has it locked', async () => {
  await stock.addItems({ a: 1, b: 2 });
  await stock.reserve(
    checkoutRequested(first, { a: 1 }),
    checkoutRequested(second, { a: 1, b: 1 }),
    checkoutRequested(third, { b: 2 }),
  );
  const lock = statement('test_look_at', 'SELECT FROM reservations WHERE saga_id = $1 FOR NO KEY UPDATE');
  await stock.overlap(
    (tx) => tx.run(lock, [second.saga_id]),
    (tx) => serveWaiting(tx, ['b']),
  );
  expect([await stock.stateOf(second), await stock.stateOf(third)]).toEqual(['WAITING', 'WAITING']);
});

test('a waiting saga is served when stock is added', async () => {
  await stock.addItems({ a: 1 });
  await stock.reserve(checkoutRequested(first, { a: 1 }), checkoutRequested(second, { a: 1 }));
  await stock.transaction((tx) => moveStock(tx, 'a', 1));
  expect(await stock.serve('a')).toEqual([stockReserved(second)]);
  expect(await stock.units()).toEqual({ a: [0, 2] });
});

test('a waiting saga is refused when too much stock is taken away', async () => {
  await stock.addItems({ a: 3 });
  await stock.reserve(checkoutRequested(first, { a: 1 }), checkoutRequested(second, { a: 3 }));
  await stock.transaction((tx) => moveStock(tx, 'a', -2));
  expect(await stock.serve('a')).toEqual([stockRejected(second)]);
});

test('a saga behind another waiting one is served when that one is cancelled', async () => {
  await stock.addItems({ a: 3 });
  await stock.reserve(
    checkoutRequested(first, { a: 2 }),
    checkoutRequested(second, { a: 2 }),
    checkoutRequested(third, { a: 1 }),
  );
  await stock.settle(paymentRejected(second, 'cancelled'));
  expect(stock.reported).toMatchObject([{ compensated: 0, waitedFor: ['a'] }]);
  expect(await stock.serve('a')).toEqual([stockReserved(third)]);
  expect(await stock.units()).toEqual({ a: [0, 3] });
});

test('sagas are served in order of arrival, and a small order does not overtake a large one', async () => {
  await stock.addItems({ a: 4 });
  await stock.reserve(
    checkoutRequested(first, { a: 4 }),
    checkoutRequested(second, { a: 3 }),
    checkoutRequested(third, { a: 2 }),
    checkoutRequested(fourth, { a: 1 }),
  );
  await stock.settle(paymentRejected(first));
  expect(await stock.serve('a')).toEqual([stockReserved(second)]);
  expect(await stock.units()).toEqual({ a: [1, 3] });
  await stock.settle(paymentCaptured(second));
  expect(await stock.serve('a')).toEqual([stockRejected(third), stockReserved(fourth)]);
});

test('a saga that waits for two items reserves neither until both are available', async () => {
  await stock.addItems({ a: 1, b: 1 });
  await stock.reserve(
    checkoutRequested(first, { a: 1 }),
    checkoutRequested(second, { b: 1 }),
    checkoutRequested(third, { a: 1, b: 1 }),
  );
  await stock.settle(paymentRejected(first));
  expect(await stock.serve('a')).toEqual([]);
  expect(await stock.units()).toEqual({ a: [1, 0], b: [0, 1] });
  await stock.settle(paymentRejected(second));
  expect(await stock.serve('b')).toEqual([stockReserved(third)]);
});

test('a change to one item reaches sagas that share items with it only through another saga', async () => {
  await stock.addItems({ a: 1, b: 1, c: 1 });
  // The second saga waits for a, the third waits behind it for b, and the fourth waits behind the third for c.
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

test('a waiting saga that is cancelled returns no units, because it had reserved none', async () => {
  await stock.addItems({ a: 1 });
  await stock.reserve(checkoutRequested(first, { a: 1 }), checkoutRequested(second, { a: 1 }));
  const { emit } = await stock.settle(paymentRejected(second, 'cancelled'));
  expect(emit).toEqual([stockReleased(second, 'cancelled')]);
  expect(await stock.units()).toEqual({ a: [0, 1] });
  await stock.settle(paymentRejected(first));
  expect(await stock.serve('a')).toEqual([]);
  expect(await stock.units()).toEqual({ a: [1, 0] });
});

test('two replicas that serve the same item serve each waiting saga once', async () => {
  await stock.addItems({ a: 2 });
  await stock.reserve(
    checkoutRequested(first, { a: 2 }),
    checkoutRequested(second, { a: 1 }),
    checkoutRequested(third, { a: 1 }),
  );
  await stock.settle(paymentRejected(first));
  const [earlier, later] = await stock.overlap(
    (tx) => serveWaiting(tx, ['a']),
    (tx) => serveWaiting(tx, ['a']),
  );
  expect(earlier.emit.map(withoutLines)).toEqual([stockReserved(second), stockReserved(third)]);
  expect(later.emit).toEqual([]);
  expect(await stock.units()).toEqual({ a: [0, 2] });
});

test('a cancel that arrives while its saga is being served releases the saga', async () => {
  await stock.addItems({ a: 1 });
  await stock.reserve(checkoutRequested(first, { a: 1 }), checkoutRequested(second, { a: 1 }));
  await stock.settle(paymentRejected(first));
  const [served, cancelled] = await Promise.all([
    stock.serve('a'),
    stock.settle(paymentRejected(second, 'cancelled')),
  ]);
  expect(cancelled.emit).toEqual([stockReleased(second, 'cancelled')]);
  expect([[], [stockReserved(second)]]).toContainEqual(served);
  expect(await stock.units()).toEqual({ a: [1, 0] });
});

test('all units are sold, and no more, when some buyers cannot pay', async () => {
  await stock.addItems({ a: 10 });
  const buyers = Array.from({ length: 30 }, (_, n) => purchase(n));
  const requests = buyers.map((buyer) => checkoutRequested(buyer, { a: 1 }));
  let events = (await stock.reserve(...requests)).emit;
  while (events.length > 0) {
    for (const { type, data } of events) {
      const buyer = buyers.find(({ saga_id }) => saga_id === data.saga_id) ?? first;
      const canPay = buyers.indexOf(buyer) % 2 === 1;
      if (type === 'stock.reserved') {
        await stock.settle((canPay ? paymentCaptured : paymentRejected)(buyer));
      }
    }
    events = await stock.serve('a');
  }
  const sold = `SELECT count(*)::int AS sold FROM reservations WHERE state = 'COMMITTED'`;
  expect(await stock.query(sold)).toEqual([{ sold: 10 }]);
  const waiting = `SELECT FROM reservations WHERE state = 'WAITING'`;
  expect(await stock.query(waiting)).toEqual([]);
});

test('nothing changes when no saga waits', async () => {
  await stock.addItems({ a: 1 });
  await stock.reserve(checkoutRequested(first, { a: 1 }));
  expect(await stock.serve('a', 'nowhere')).toEqual([]);
  expect(await stock.units()).toEqual({ a: [0, 1] });
});

test('the sweep finds only the items of sagas that have waited for long', async () => {
  await stock.addItems({ a: 1, b: 1 });
  await stock.reserve(checkoutRequested(first, { a: 1, b: 1 }));
  await stock.reserve(checkoutRequested(second, { a: 1 }), checkoutRequested(third, { b: 1 }));
  expect(await stock.transaction(itemsWaitedForLong)).toEqual([]);
  const age = `UPDATE reservations SET created_at = now() - interval '1 minute' WHERE saga_id = $1`;
  await stock.query(age, [second.saga_id]);
  expect(await stock.transaction(itemsWaitedForLong)).toEqual(['a']);
});

test('the sweep finds the items of waiting sagas although the clock was set back', async () => {
  await stock.addItems({ a: 1 });
  await stock.reserve(checkoutRequested(first, { a: 1 }), checkoutRequested(second, { a: 1 }));
  await stock.query(`UPDATE reservations SET created_at = now() + interval '1 hour'`);
  expect(await stock.transaction(itemsWaitedForLong)).toEqual(['a']);
});
