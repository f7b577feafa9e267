import type { CheckoutRequest } from '../../order/src/saga/1-request-checkout/decide';
import { requestCheckouts } from '../../order/src/saga/1-request-checkout/step';
import type { Settlement } from '../../order/src/saga/5-settle-checkout/decide';
import { settleCheckout } from '../../order/src/saga/5-settle-checkout/step';
import { type LastAttempt, type OrderStatus, statusOf } from '../../order/src/saga/order-state';
import type { SagaEvent } from '../../shared/contract/events';
import { sagaId, TRACEPARENT } from '../support/events';
import { type StepFixture, stepFixture } from '../support/step-fixture';

/** Finds contradictions: an order has at most one saga that has not failed, it names that one, and the amount is right. */
const BROKEN = `
  WITH books AS (
    SELECT o.id, o.saga_id, s.state,
      (SELECT count(*) FROM sagas WHERE order_id = o.id AND state = 'PENDING') AS pending,
      (SELECT count(*) FROM sagas WHERE order_id = o.id AND state IN ('PAID', 'DISPUTED')) AS sold,
      s.amount IS NULL OR s.state IN ('FAILED', 'DISPUTED')
        OR s.amount = (SELECT sum(quantity * price) FROM order_lines WHERE order_id = o.id) AS at_its_price
    FROM orders o LEFT JOIN sagas s ON s.id = o.saga_id
  )
  SELECT * FROM books
  WHERE NOT at_its_price
    OR (coalesce(state, CASE WHEN saga_id IS NULL THEN 'none' ELSE 'unheard of' END), pending, sold)
      NOT IN (('none', 0, 0), ('FAILED', 0, 0), ('PENDING', 1, 0), ('PAID', 0, 1), ('DISPUTED', 0, 1))`;

export const CANCEL_AFTER_MS = 8_000;

/** An attempt at an order's checkout. */
export function attempt(order_id: string, key?: string): CheckoutRequest {
  const idempotency = { idempotency: { key: key ?? '', fingerprint: `checkout of ${order_id}` } };
  return {
    order_id,
    only_of: undefined,
    may_open: true,
    traceparent: TRACEPARENT,
    ...(key ? idempotency : {}),
  };
}

export interface OrderFixture extends StepFixture {
  /**
   * Creates an open order of 'user-1'.
   * @param lines quantity and price by item
   * @param firstSaga the number of its first saga; those of further attempts follow
   */
  create(
    orderId: string,
    lines: Record<string, [quantity: number, price: number]>,
    firstSaga?: number,
  ): Promise<void>;
  request(...requests: CheckoutRequest[]): ReturnType<typeof requestCheckouts>;
  settle(...events: SagaEvent[]): Promise<{ emit: SagaEvent[]; duplicates: number }>;
  find(id: string): Promise<{ status: OrderStatus; saga_id: string | null } | undefined>;
  saga(n: number): Promise<{ state: string; reason: string | null } | undefined>;
  /** What the settling step reported after its commits, in order. */
  readonly reported: Settlement[];
}

export function orderFixture(): OrderFixture {
  const fixture = stepFixture('order', 'orders, order_lines, sagas, idempotency_keys', BROKEN);
  const reported: Settlement[] = [];
  const settleStep = settleCheckout((settled) => reported.push(...settled));
  beforeEach(() => void reported.splice(0));

  return {
    ...fixture,
    reported,
    async create(orderId, lines, firstSaga = 1) {
      const insert = `INSERT INTO orders (id, user_id, first_saga_id) VALUES ($1, 'user-1', $2)`;
      await fixture.query(insert, [orderId, sagaId(firstSaga)]);
      for (const [itemId, [quantity, price]] of Object.entries(lines)) {
        await fixture.query('INSERT INTO order_lines VALUES ($1, $2, $3, $4)', [
          orderId,
          itemId,
          quantity,
          price,
        ]);
      }
    },
    request: (...requests) => fixture.transaction((tx) => requestCheckouts(tx, requests, CANCEL_AFTER_MS)),
    async settle(...events) {
      const outcome = await fixture.transaction((tx) => settleStep.run(tx, events));
      await outcome.afterCommit?.();
      return outcome;
    },
    async find(id) {
      const [lastAttempt] = await fixture.query<LastAttempt>(
        'SELECT saga_id, state FROM orders LEFT JOIN sagas ON sagas.id = saga_id WHERE orders.id = $1',
        [id],
      );
      return lastAttempt && { status: statusOf(lastAttempt), saga_id: lastAttempt.saga_id };
    },
    saga: async (n) =>
      (
        await fixture.query<{ state: string; reason: string }>(
          'SELECT state, reason FROM sagas WHERE id = $1',
          [sagaId(n)],
        )
      )[0],
  };
}
