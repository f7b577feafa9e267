import { keyInFlight } from '../../../shared/http/idempotency';
import { type Answer, problem } from '../../../shared/http/problem';
import type { Outcome } from './waiting-requests';

/** What a buyer is told: 200 only when the order is paid, 409 only when nothing of the attempt is left. */
export function answerTo(order_id: string, { saga_id, state, reason }: Outcome): Answer {
  if (state === 'PAID') {
    return paid(order_id, saga_id);
  }
  return problem(409, {
    reason: reason as string,
    saga_id,
    detail:
      'The checkout failed, nothing was charged and nothing was taken from the stock. The order can be checked out again.',
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

/** @param outcome of the checkout that the idempotency key belongs to; none while it is in flight */
export function repeated(order_id: string, outcome: Outcome | undefined): Answer {
  return outcome
    ? { ...answerTo(order_id, outcome), headers: { 'Idempotency-Replayed': 'true' } }
    : keyInFlight();
}

export function empty(): Answer {
  return problem(400, { reason: 'empty_order', detail: 'Add an item to the order before checking it out.' });
}

export function overloaded(): Answer {
  return problem(429, {
    reason: 'overloaded',
    detail: 'Too many checkouts are under way. This one was not started; try again in a moment.',
    headers: { 'Retry-After': '1' },
  });
}
