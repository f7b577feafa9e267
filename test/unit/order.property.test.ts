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
class Desk {
  readonly orders = new Map<string, OrderRow>();
  readonly sagas = new Map<string, SagaRow>();
  readonly keys = new Map<string, KeyRow>();
  readonly answers: unknown[] = [];

  constructor(readonly lines: readonly LineRow[]) {
    for (let n = 0; n < ORDERS; n++) {
      this.orders.set(`order-${n}`, { id: `order-${n}`, user_id: 'user-a', saga_id: null, state: null });
    }
  }

  request(requests: readonly CheckoutRequest[]): void {
    const { decisions, opened, keys } = decideCheckouts(
      { orders: [...this.orders.values()], lines: this.lines, keys: [...this.keys.values()] },
      requests,
    );
    for (const { saga_id, order_id, user_id, amount } of opened) {
      this.orders.set(order_id, { id: order_id, user_id, saga_id, state: 'PENDING' });
      this.sagas.set(saga_id, { saga_id, order_id, amount, state: 'PENDING', age_seconds: 0 });
    }
    for (const key of keys) {
      this.keys.set(key.key, key);
    }
    this.answers.push(...decisions);
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

/** The last order has no lines, and one more is asked for that does not exist. */
const lines = fc.array(
  fc.record({ quantity: fc.integer({ min: 1, max: 5 }), price: fc.nat(9), order: fc.nat(ORDERS - 2) }),
  { maxLength: 8 },
);
const KEYS = [undefined, undefined, 'key-a', 'key-b'];
const clicks = fc.array(fc.record({ order: fc.nat(ORDERS), key: fc.constantFrom(...KEYS) }), {
  maxLength: 12,
});
const saga = fc.nat(30);
const outcome = fc.record({ saga, rejected: fc.boolean() });
const rounds = fc.array(fc.record({ clicks, outcomes: fc.array(outcome) }), { maxLength: 5 });

const desk = (bought: readonly { quantity: number; price: number; order: number }[]) =>
  new Desk(
    bought.map(({ quantity, price, order }, n) => ({
      ...{ quantity, price },
      ...{ order_id: `order-${order}`, item_id: `item-${n}` },
    })),
  );

/** @param first the number of the first saga that these may open */
function requestsOf(
  clicks: readonly { order: number; key: string | undefined }[],
  first: number,
): CheckoutRequest[] {
  return clicks.map(({ order, key }, n) => ({
    order_id: `order-${order}`,
    saga_id: sagaId(first + n),
    may_open: true,
    traceparent: TRACEPARENT,
    ...(key && { idempotency: { key, fingerprint: `checkout of order-${order}` } }),
  }));
}

/** A saga's outcome is decided elsewhere, once: here by its number. */
const decided = (outcomes: readonly { saga: number; rejected: boolean }[]) =>
  outcomes.map(({ saga, rejected }) => ({ saga, rejected, paid: saga % 2 === 0 }));

type Rounds = typeof rounds extends fc.Arbitrary<infer T> ? T : never;

function play(one: Desk, rounds: Rounds, eachAlone: boolean): Desk {
  rounds.forEach(({ clicks, outcomes }, n) => {
    const requests = requestsOf(clicks, 12 * n);
    if (eachAlone) {
      for (const request of requests) {
        one.request([request]);
      }
      for (const outcome of decided(outcomes)) {
        one.settle([outcome]);
      }
    } else {
      one.request(requests);
      one.settle(decided(outcomes));
    }
  });
  return one;
}

test('a batch ends as its requests and outcomes one at a time, and answers the same', () => {
  fc.assert(
    fc.property(lines, rounds, (bought, rounds) => {
      expect(play(desk(bought), rounds, false)).toEqual(play(desk(bought), rounds, true));
    }),
  );
});

test('an order has one saga under way at most, none once it is paid, and is paid by one saga at most', () => {
  fc.assert(
    fc.property(lines, rounds, (bought, rounds) => {
      const one = play(desk(bought), rounds, false);
      for (const { id, saga_id, state } of one.orders.values()) {
        const own = [...one.sagas.values()].filter((saga) => saga.order_id === id);
        const inState = (wanted: string) => own.filter((saga) => saga.state === wanted).map((s) => s.saga_id);
        expect(inState('PENDING')).toEqual(state === 'PENDING' ? [saga_id] : []);
        expect(inState('PAID')).toEqual(state === 'PAID' ? [saga_id] : []);
      }
    }),
  );
});

test('a saga asks for the sum of quantity × price', () => {
  fc.assert(
    fc.property(lines, clicks, (bought, clicks) => {
      const one = desk(bought);
      one.request(requestsOf(clicks, 0));
      for (const { order_id, amount } of one.sagas.values()) {
        const own = one.lines.filter((line) => line.order_id === order_id);
        expect(own.length).toBeGreaterThan(0);
        expect(amount).toBe(own.reduce((sum, { quantity, price }) => sum + quantity * price, 0));
      }
    }),
  );
});

test('outcomes that come again change nothing', () => {
  fc.assert(
    fc.property(lines, rounds, fc.array(outcome), (bought, rounds, outcomes) => {
      const one = play(desk(bought), rounds, false);
      one.settle(decided(outcomes));
      const tables = structuredClone([one.orders, one.sagas]);
      one.settle(decided([...outcomes, ...outcomes.toReversed()]));
      expect([one.orders, one.sagas]).toEqual(tables);
    }),
  );
});

test('an idempotency key is bound to the first saga that answered it, and to that request', () => {
  fc.assert(
    fc.property(lines, rounds, (bought, rounds) => {
      const one = play(desk(bought), rounds, false);
      const bound = new Map(one.keys);
      for (const { key, fingerprint, saga_id } of bound.values()) {
        const request = {
          order_id: 'order-0',
          saga_id: sagaId(99),
          may_open: true,
          traceparent: TRACEPARENT,
        };
        one.answers.length = 0;
        one.request([
          { ...request, idempotency: { key, fingerprint } },
          { ...request, idempotency: { key, fingerprint: 'another request' } },
        ]);
        expect(one.answers).toEqual([{ kind: 'repeated', saga_id }, { kind: 'key_reused' }]);
      }
      expect(one.keys).toEqual(bound);
    }),
  );
});
