import fc from 'fast-check';
import { type ChargeRow, decideCharges, type UserRow } from '../../payment/src/saga/3-charge-payment/decide';
import type { SagaEvent } from '../../shared/contract/events';
import { cancelRequested, purchase, stockReserved } from '../support/events';

const SAGAS = 6;

/** The tables of payment in memory, written as the SQL writes them. */
class PaymentTables {
  readonly charges = new Map<string, ChargeRow>();
  readonly emitted: SagaEvent[] = [];

  constructor(readonly credit: Map<string, number>) {}

  handle(events: readonly SagaEvent[]): void {
    const users = [...this.credit].map(([id, credit]): UserRow => ({ id, credit }));
    const { decided, emit } = decideCharges({ users, charges: [...this.charges.values()] }, events);
    for (const row of decided) {
      this.charges.set(row.saga_id, row);
      if (row.state === 'CAPTURED') {
        this.credit.set(row.user_id, (this.credit.get(row.user_id) ?? 0) - row.amount);
      }
    }
    this.emitted.push(...emit);
  }
}

/** The last user has no row. */
const USERS = ['user-a', 'user-b', 'user-unknown'];
const credits = fc.tuple(fc.nat(40), fc.nat(40));
const sagas = fc.array(fc.record({ user_id: fc.constantFrom(...USERS), amount: fc.nat(20) }), {
  minLength: SAGAS,
  maxLength: SAGAS,
});
const asked = fc.array(fc.record({ saga: fc.nat(SAGAS - 1), cancels: fc.boolean() }), { maxLength: 30 });
const createTables = ([a, b]: [number, number]) =>
  new PaymentTables(
    new Map([
      ['user-a', a],
      ['user-b', b],
    ]),
  );

function eventsOf(
  bought: readonly { user_id: string; amount: number; order_id?: string }[],
  asked: readonly { saga: number; cancels: boolean }[],
): SagaEvent[] {
  return asked.map(({ saga, cancels }) => {
    const bill = purchase(saga, bought[saga]);
    return cancels ? cancelRequested(bill) : stockReserved(bill);
  });
}

const total = (amounts: Iterable<number>) => [...amounts].reduce((sum, amount) => sum + amount, 0);

test('credit never goes below zero, and exactly what was captured is missing from it', () => {
  fc.assert(
    fc.property(credits, sagas, asked, (given, bought, asked) => {
      const tables = createTables(given);
      tables.handle(eventsOf(bought, asked));
      const captured = [...tables.charges.values()].filter((row) => row.state === 'CAPTURED');
      for (const credit of tables.credit.values()) {
        expect(credit).toBeGreaterThanOrEqual(0);
      }
      expect(total(tables.credit.values()) + total(captured.map((row) => row.amount))).toBe(total(given));
    }),
  );
});

test('a batch has the same result as its events one at a time', () => {
  fc.assert(
    fc.property(credits, sagas, asked, (given, bought, asked) => {
      const [batch, single] = [createTables(given), createTables(given)];
      const events = eventsOf(bought, asked);
      batch.handle(events);
      for (const event of events) {
        single.handle([event]);
      }
      expect(batch).toEqual(single);
    }),
  );
});

test('a saga has one decision, and each of its events gets it', () => {
  fc.assert(
    fc.property(credits, sagas, asked, (given, bought, asked) => {
      const tables = createTables(given);
      tables.handle(eventsOf(bought, asked));
      tables.handle(eventsOf(bought, asked.toReversed()));
      for (const { type, data } of tables.emitted) {
        const taken = tables.charges.get(data.saga_id)?.state === 'CAPTURED';
        expect(type).toBe(taken ? 'payment.captured' : 'payment.rejected');
      }
      expect(tables.emitted).toHaveLength(2 * asked.length);
    }),
  );
});

test('an order is captured once, whichever of its attempts come back, in whatever order and batches', () => {
  const batches = fc.array(asked, { maxLength: 8 });
  fc.assert(
    fc.property(fc.nat(40), sagas, batches, (credit, bought, batches) => {
      const tables = createTables([credit, 0]);
      const ofOneOrder = bought.map(({ amount }) => ({ amount, user_id: 'user-a', order_id: 'o' }));
      for (const batch of batches) {
        tables.handle(eventsOf(ofOneOrder, batch));
      }
      const captured = [...tables.charges.values()].filter(({ state }) => state === 'CAPTURED');
      expect(captured.length).toBeLessThanOrEqual(1);
    }),
  );
});

test('duplicates take no credit', () => {
  fc.assert(
    fc.property(credits, sagas, asked, (given, bought, asked) => {
      const [once, twice] = [createTables(given), createTables(given)];
      const events = eventsOf(bought, asked);
      once.handle(events);
      twice.handle([...events, ...events]);
      twice.handle(events);
      expect([twice.credit, twice.charges]).toEqual([once.credit, once.charges]);
    }),
  );
});

test('the first of a charge and a cancel wins, and no charge is refused while the credit is enough', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.nat(40), fc.boolean(), (credit, amount, cancelFirst) => {
      const bill = purchase(1, { user_id: 'user-a', amount });
      const pair = [stockReserved(bill), cancelRequested(bill)];
      const tables = createTables([credit, 0]);
      tables.handle(cancelFirst ? pair.toReversed() : pair);
      const expected = cancelFirst ? 'CANCELLED' : credit >= amount ? 'CAPTURED' : 'REJECTED';
      expect(tables.charges.get(bill.saga_id)?.state).toBe(expected);
    }),
  );
});
