import fc from 'fast-check';
import type { SagaEvent } from '../../shared/contract/events';
import { linesOf } from '../../stock/src/saga/reservation';
import { Warehouse } from '../step/warehouse';
import { checkoutRequested, paymentCaptured, paymentRejected, purchase } from '../support/events';

const ITEMS = ['a', 'b', 'c'];
const SAGAS = 8;

interface Shop {
  stock: Record<string, number>;
  /** What the n-th saga wants, by item. */
  wanted: Record<string, number>[];
}

interface Move {
  kind: 'request' | 'settle' | 'serve';
  sagas: number[];
}

const stock = fc.record({ a: fc.nat(6), b: fc.nat(6), c: fc.nat(6) });
const wanted = fc.dictionary(fc.constantFrom(...ITEMS), fc.integer({ min: 1, max: 4 }), { minKeys: 1 });
const shop: fc.Arbitrary<Shop> = fc.record({
  stock,
  wanted: fc.array(wanted, { minLength: SAGAS, maxLength: SAGAS }),
});
const anySaga = fc.nat(SAGAS - 1);
/** Events reach stock in any order and any number of times. `serve` serves every item. */
const move: fc.Arbitrary<Move> = fc.record({
  kind: fc.constantFrom('request', 'settle', 'serve' as const),
  sagas: fc.array(anySaga),
});
/** Payment decides once: true captures, if stock has reserved. */
const verdicts = fc.array(fc.boolean(), { minLength: SAGAS, maxLength: SAGAS });

const request = ({ wanted }: Shop, n: number) => checkoutRequested(purchase(n), wanted[n] ?? {});

/** Payment captures only what stock has reserved, and may reject (cancel) at any time. It decides a saga only once. */
function paymentsOf(warehouse: Warehouse, sagas: readonly number[], takes: readonly boolean[]) {
  return sagas.flatMap((n): SagaEvent<'payment.captured' | 'payment.rejected'>[] => {
    const state = warehouse.state(purchase(n).saga_id);
    if (!takes[n]) {
      return [paymentRejected(purchase(n))];
    }
    return state === 'RESERVED' || state === 'COMMITTED' ? [paymentCaptured(purchase(n))] : [];
  });
}

function make(warehouse: Warehouse, given: Shop, { kind, sagas }: Move, takes: readonly boolean[]): void {
  if (kind === 'request') {
    warehouse.reserve(sagas.map((n) => request(given, n)));
  } else if (kind === 'settle') {
    warehouse.settle(paymentsOf(warehouse, sagas, takes));
  } else {
    warehouse.serve(ITEMS);
  }
}

function play(given: Shop, moves: readonly Move[], takes: readonly boolean[]): Warehouse {
  const warehouse = new Warehouse(given.stock);
  for (const move of moves) {
    make(warehouse, given, move, takes);
    expectUnitsConserved(warehouse, given.stock);
  }
  return warehouse;
}

function expectUnitsConserved(warehouse: Warehouse, stock: Record<string, number>): void {
  for (const { id, available } of warehouse.items.values()) {
    const sold = warehouse.sold.reduce((sum, line) => sum + (line.item_id === id ? line.quantity : 0), 0);
    expect(available).toBeGreaterThanOrEqual(0);
    expect(available + warehouse.reserved(id) + sold).toBe(stock[id]);
  }
}

const sorted = (events: readonly SagaEvent[]) => events.map((event) => JSON.stringify(event)).sort();
const rowsOf = ({ items, reservations, sold }: Warehouse) => ({
  items: [...items.values()],
  reservations: [...reservations.values()],
  sold,
});

test('units are conserved and never below zero, whatever arrives in whatever order', () => {
  fc.assert(
    fc.property(shop, fc.array(move), verdicts, (given, moves, takes) => void play(given, moves, takes)),
  );
});

test('requests in one batch have the same result as one at a time', () => {
  fc.assert(
    fc.property(shop, fc.array(move), fc.array(anySaga), verdicts, (given, before, sagas, takes) => {
      const batch = play(given, before, takes);
      const single = play(given, before, takes);
      const events = sagas.map((n) => request(given, n));
      batch.reserve(events);
      for (const event of events) {
        single.reserve([event]);
      }
      expect(rowsOf(batch)).toEqual(rowsOf(single));
      expect(sorted(batch.emitted)).toEqual(sorted(single.emitted));
    }),
  );
});

test('payments in one batch have the same result as one at a time', () => {
  fc.assert(
    fc.property(shop, fc.array(move), fc.array(anySaga), verdicts, (given, before, sagas, takes) => {
      const batch = play(given, before, takes);
      const single = play(given, before, takes);
      const events = paymentsOf(batch, sagas, takes);
      batch.settle(events);
      for (const event of events) {
        single.settle([event]);
      }
      expect(rowsOf(batch)).toEqual(rowsOf(single));
      expect(sorted(batch.emitted)).toEqual(sorted(single.emitted));
    }),
  );
});

test('duplicates change nothing', () => {
  fc.assert(
    fc.property(shop, fc.array(move), fc.array(anySaga), verdicts, (given, before, sagas, takes) => {
      const warehouse = play(given, before, takes);
      const requests = sagas.map((n) => request(given, n));
      const payments = paymentsOf(warehouse, sagas, takes);
      warehouse.reserve(requests);
      warehouse.settle(payments);
      const rows = structuredClone(rowsOf(warehouse));
      warehouse.reserve(requests);
      warehouse.settle(payments);
      expect(rowsOf(warehouse)).toEqual(rows);
    }),
  );
});

test('no checkout is rejected while available and reserved units together are enough', () => {
  fc.assert(
    fc.property(shop, fc.array(move), anySaga, verdicts, (given, before, newcomer, takes) => {
      const warehouse = play(given, before, takes);
      const lines = Object.entries(given.wanted[newcomer] ?? {});
      const { saga_id } = purchase(newcomer);
      fc.pre(warehouse.state(saga_id) === undefined);
      const suffices = lines.every(([id, quantity]) => {
        const item = warehouse.items.get(id);
        return item !== undefined && item.available + warehouse.reserved(id) >= quantity;
      });
      warehouse.reserve([request(given, newcomer)]);
      expect(warehouse.state(saga_id) === 'REJECTED').toBe(!suffices);
    }),
  );
});

test('no saga takes units that an earlier saga waits for', () => {
  fc.assert(
    fc.property(shop, fc.array(move), verdicts, (given, moves, takes) => {
      const warehouse = new Warehouse(given.stock);
      for (const move of moves) {
        const before = new Map(warehouse.reservations);
        make(warehouse, given, move, takes);
        const after = [...warehouse.reservations.values()];
        after.forEach((row, arrival) => {
          if (row.state !== 'RESERVED' || before.get(row.saga_id)?.state === 'RESERVED') {
            return;
          }
          const ahead = after.slice(0, arrival).filter((earlier) => earlier.state === 'WAITING');
          for (const id of row.item_ids) {
            const wanted = ahead.flatMap(linesOf).filter((line) => line.item_id === id);
            const units = wanted.reduce((sum, line) => sum + line.quantity, 0);
            expect(warehouse.items.get(id)?.available).toBeGreaterThanOrEqual(units);
          }
        });
      }
    }),
  );
});

test('every waiting saga is decided once no units are reserved', () => {
  fc.assert(
    fc.property(shop, fc.array(move), verdicts, (given, moves, takes) => {
      const warehouse = play(given, moves, takes);
      for (let rounds = 0; rounds <= SAGAS; rounds++) {
        const reserved = [...warehouse.reservations.values()].filter((row) => row.state === 'RESERVED');
        warehouse.settle(reserved.map((row) => paymentCaptured(row)));
        warehouse.serve(ITEMS);
      }
      expect(warehouse.waiting()).toEqual([]);
      expectUnitsConserved(warehouse, given.stock);
    }),
  );
});
