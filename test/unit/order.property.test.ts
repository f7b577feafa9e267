import fc from 'fast-check';
import {
  type CheckoutRequest,
  decideCheckouts,
  type KeyRow,
  type LineRow,
  type OrderRow,
} from '../../order/src/saga/1-request-checkout/decide';
import { decideSettlements, type SagaRow } from '../../order/src/saga/5-settle-checkout/decide';
import type { SagaEvent } from '../../shared/contract/events';
import {
  paymentCaptured,
  purchase,
  sagaId,
  stockRejected,
  stockReleased,
  TRACEPARENT,
} from '../support/events';

const ORDERS = 4;

/** The tables of order in memory, written as the SQL writes them. */
class OrderTables {
  readonly orders = new Map<string, OrderRow>();
  readonly sagas = new Map<string, SagaRow>();
  readonly keys = new Map<string, KeyRow>();
  readonly decisions: unknown[] = [];

  constructor(readonly lines: readonly LineRow[]) {
    for (let n = 0; n < ORDERS; n++) {
      const id = `order-${n}`;
      this.orders.set(id, { id, user_id: 'user-a', saga_id: null, state: null, frozen_for: null });
    }
  }

  request(requests: readonly CheckoutRequest[]): void {
    const { decisions, opened, keys } = decideCheckouts(
      { orders: [...this.orders.values()].map(frozen), lines: this.lines, keys: [...this.keys.values()] },
      requests,
    );
    for (const { saga_id, order_id, user_id, amount } of opened) {
      this.orders.set(order_id, { id: order_id, user_id, saga_id, state: 'PENDING', frozen_for: saga_id });
      this.sagas.set(saga_id, {
        ...{ saga_id, order_id, user_id, amount, state: 'PENDING', age_seconds: 0, lines_crc32: null },
      });
    }
    for (const key of keys) {
      this.keys.set(key.key, key);
    }
    this.decisions.push(...decisions);
  }

  settle(outcomes: readonly { saga: number; paid: boolean; rejected: boolean }[]): void {
    const events = outcomes.flatMap(({ saga, paid, rejected }): SagaEvent[] => {
      const row = this.sagas.get(sagaId(saga));
      if (row === undefined) {
        return [];
      }
      const bill = purchase(saga, { order_id: row.order_id, amount: row.amount });
      if (paid) {
        return [paymentCaptured(bill)];
      }
      return [rejected ? stockRejected(bill) : stockReleased(bill)];
    });
    for (const { saga_id, order_id, state } of decideSettlements([...this.sagas.values()], events).settled) {
      const [saga, order] = [this.sagas.get(saga_id) as SagaRow, this.orders.get(order_id) as OrderRow];
      expect(order).toMatchObject({ saga_id, state: 'PENDING' });
      this.sagas.set(saga_id, { ...saga, state });
      this.orders.set(order_id, { ...order, state });
    }
  }
}

/** Freezes an order for its next saga if it is open: each order has a range of numbers of its own. */
function frozen(order: OrderRow): OrderRow {
  const isOpen = order.saga_id === null || order.state === 'FAILED';
  const last = order.saga_id ?? sagaId(16 * Number(order.id.at(-1)));
  return isOpen ? { ...order, frozen_for: sagaId(Number.parseInt(last.slice(-6), 16) + 1) } : order;
}

/** The last order has no lines, and requests also name one more order, which does not exist. */
const lines = fc.array(
  fc.record({ quantity: fc.integer({ min: 1, max: 5 }), price: fc.nat(9), order: fc.nat(ORDERS - 2) }),
  { maxLength: 8 },
);
const KEYS = [undefined, undefined, 'key-a', 'key-b'];
const attempts = fc.array(fc.record({ order: fc.nat(ORDERS), key: fc.constantFrom(...KEYS) }), {
  maxLength: 12,
});
const saga = fc.nat(16 * ORDERS);
const outcome = fc.record({ saga, rejected: fc.boolean() });
const rounds = fc.array(fc.record({ attempts, outcomes: fc.array(outcome) }), { maxLength: 5 });

const createTables = (bought: readonly { quantity: number; price: number; order: number }[]) =>
  new OrderTables(
    bought.map(({ quantity, price, order }, n) => ({
      ...{ quantity, price },
      ...{ order_id: `order-${order}`, item_id: `item-${n}` },
    })),
  );

function requestsOf(attempts: readonly { order: number; key: string | undefined }[]): CheckoutRequest[] {
  return attempts.map(({ order, key }) => ({
    order_id: `order-${order}`,
    only_of: undefined,
    may_open: true,
    traceparent: TRACEPARENT,
    ...(key && { idempotency: { key, fingerprint: `checkout of order-${order}` } }),
  }));
}

/** A saga's outcome is decided once and elsewhere. Here its number decides. */
const decided = (outcomes: readonly { saga: number; rejected: boolean }[]) =>
  outcomes.map(({ saga, rejected }) => ({ saga, rejected, paid: saga % 2 === 0 }));

type Rounds = typeof rounds extends fc.Arbitrary<infer T> ? T : never;

function play(tables: OrderTables, rounds: Rounds, eachAlone: boolean): OrderTables {
  rounds.forEach(({ attempts, outcomes }) => {
    const requests = requestsOf(attempts);
    if (eachAlone) {
      for (const request of requests) {
        tables.request([request]);
      }
      for (const outcome of decided(outcomes)) {
        tables.settle([outcome]);
      }
    } else {
      tables.request(requests);
      tables.settle(decided(outcomes));
    }
  });
  return tables;
}

test('a batch has the same result and the same decisions as its requests and outcomes one at a time', () => {
  fc.assert(
    fc.property(lines, rounds, (bought, rounds) => {
      expect(play(createTables(bought), rounds, false)).toEqual(play(createTables(bought), rounds, true));
    }),
  );
});

test('an order has at most one saga in flight, none once it is paid, and at most one that paid it', () => {
  fc.assert(
    fc.property(lines, rounds, (bought, rounds) => {
      const tables = play(createTables(bought), rounds, false);
      for (const { id, saga_id, state } of tables.orders.values()) {
        const own = [...tables.sagas.values()].filter((saga) => saga.order_id === id);
        const inState = (wanted: string) => own.filter((saga) => saga.state === wanted).map((s) => s.saga_id);
        expect(inState('PENDING')).toEqual(state === 'PENDING' ? [saga_id] : []);
        expect(inState('PAID')).toEqual(state === 'PAID' ? [saga_id] : []);
      }
    }),
  );
});

test('the amount of a saga is the sum of quantity × price', () => {
  fc.assert(
    fc.property(lines, attempts, (bought, attempts) => {
      const tables = createTables(bought);
      tables.request(requestsOf(attempts));
      for (const { order_id, amount } of tables.sagas.values()) {
        const own = tables.lines.filter((line) => line.order_id === order_id);
        expect(own.length).toBeGreaterThan(0);
        expect(amount).toBe(own.reduce((sum, { quantity, price }) => sum + quantity * price, 0));
      }
    }),
  );
});

test('duplicate outcomes change nothing', () => {
  fc.assert(
    fc.property(lines, rounds, fc.array(outcome), (bought, rounds, outcomes) => {
      const tables = play(createTables(bought), rounds, false);
      tables.settle(decided(outcomes));
      const before = structuredClone([tables.orders, tables.sagas]);
      tables.settle(decided([...outcomes, ...outcomes.toReversed()]));
      expect([tables.orders, tables.sagas]).toEqual(before);
    }),
  );
});

test('an idempotency key is bound to the first saga that answered it, and to that request', () => {
  fc.assert(
    fc.property(lines, rounds, (bought, rounds) => {
      const tables = play(createTables(bought), rounds, false);
      const bound = new Map(tables.keys);
      for (const { key, fingerprint, saga_id } of bound.values()) {
        const request = {
          order_id: 'order-0',
          only_of: undefined,
          may_open: true,
          traceparent: TRACEPARENT,
        };
        tables.decisions.length = 0;
        tables.request([
          { ...request, idempotency: { key, fingerprint } },
          { ...request, idempotency: { key, fingerprint: 'another request' } },
        ]);
        expect(tables.decisions).toEqual([{ kind: 'repeated', saga_id }, { kind: 'key_reused' }]);
      }
      expect(tables.keys).toEqual(bound);
    }),
  );
});
