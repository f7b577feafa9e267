import { keyInFlight } from '../../../shared/http/idempotency';
import { type Answer, problem } from '../../../shared/http/problem';
import type { Outcome } from './waiting-requests';

/** Returns the answer for an outcome: 200 only if the order is paid, 409 only if the attempt had no effect. */
export function answerTo(order_id: string, { saga_id, state, reason, amount }: Outcome): Answer {
  if (state === 'PAID') {
    return paid(order_id, saga_id);
  }
  if (state === 'DISPUTED') {
    return problem(409, {
      reason: 'sold_before',
      saga_id,
      detail:
        `Order ${order_id} was sold earlier, as saga ${saga_id}, for ${amount} credits, and its contents have changed ` +
        'since. Nothing more was charged. Put what else you want into a new order.',
    });
  }
  return problem(409, {
    reason: reason as string,
    saga_id,
    detail:
      'The checkout failed. Nothing was charged and no stock was taken. You can check the order out again.',
  });
}

export function paid(order_id: string, saga_id: string): Answer {
  return { status: 200, body: { order_id, saga_id, status: 'PAID' } };
}

export function pending(order_id: string, saga_id: string, headers: Record<string, string> = {}): Answer {
  return {
    status: 202,
    body: { order_id, saga_id, status: 'CHECKING_OUT' },
    headers: { Location: `/orders/find/${order_id}`, 'Retry-After': '1', ...headers },
  };
}

/** @param outcome the outcome of the saga that the idempotency key belongs to; undefined while it is in flight */
export function repeated(order_id: string, outcome: Outcome | undefined): Answer {
  return outcome
    ? { ...answerTo(order_id, outcome), headers: { 'Idempotency-Replayed': 'true' } }
    : keyInFlight();
}

export function empty(): Answer {
  return problem(400, {
    reason: 'empty_order',
    detail: 'The order is empty. Add an item to it before you check it out.',
  });
}

export function locked(order_id: string): Answer {
  return problem(409, {
    reason: 'order_locked',
    detail:
      `Another transaction has locked order ${order_id} for too long. The checkout was not started: nothing was ` +
      'charged and no stock was taken. Try again in a moment.',
    headers: { 'Retry-After': '1' },
  });
}

export function overloaded(): Answer {
  return problem(429, {
    reason: 'overloaded',
    detail: 'Too many checkouts are in flight. This one was not started. Try again in a moment.',
    headers: { 'Retry-After': '1' },
  });
}
