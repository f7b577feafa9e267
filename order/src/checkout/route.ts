import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { fingerprint, keyReused } from '../../../shared/http/idempotency';
import { id } from '../../../shared/http/inputs';
import type { Answer } from '../../../shared/http/problem';
import { type ApiRequest, type Route, route } from '../../../shared/http/route';
import { causeOf } from '../../../shared/postgres/errors';
import type { Batcher } from '../../../shared/service/batch';
import { unknownOrder } from '../http/lock-open-order';
import { answeredLate, answeredLocked } from '../metrics';
import type { CheckoutDecision, CheckoutRequest } from '../saga/1-request-checkout/decide';
import type { Admission } from './admission';
import { answerTo, empty, locked, overloaded, paid, pending, repeated } from './answers';
import type { Outcome, WaitingRequests } from './waiting-requests';

export interface CheckoutDeps {
  checkouts: Batcher<CheckoutRequest, CheckoutDecision>;
  waiting: WaitingRequests;
  admission: Admission;
  /** Returns the outcome of a saga, or undefined if it has not ended. */
  readOutcome(sagaId: string): Promise<Outcome | undefined>;
  /** From its arrival, for all that a request may wait for. */
  answerWithinMs: number;
  /** Whether the database is known to be away. */
  isAway(): boolean;
}

const params = z.object({ order_id: id });
type Request = ApiRequest<z.infer<typeof params>>;

/**
 * Opens a saga or joins the one in flight, and lets the request wait until it has ended: 200 only if the order is paid,
 * 409 only if the attempt had no effect, 202 while neither is certain.
 */
export function checkout(deps: CheckoutDeps): Route {
  return route({
    method: 'POST',
    path: '/orders/checkout/{order_id}',
    audience: 'buyer',
    summary: 'Check out an order: charge its user and take its items from stock, or do neither',
    description:
      'The request waits until the outcome is certain. An order that is already paid gets 200 and is not charged ' +
      'again. No answer, a connection reset or a 5xx means that the outcome is unknown. Repeat the request: it then ' +
      'joins the checkout in flight or returns how it ended.',
    params,
    idempotent: true,
    preferAsync: true,
    answers: {
      200: z
        .object({ order_id: id, saga_id: z.uuid(), status: z.literal('PAID') })
        .describe('The order is paid.'),
      202: z
        .object({ order_id: id, saga_id: z.uuid(), status: z.literal('CHECKING_OUT') })
        .describe('Not decided yet. Read the outcome at the URL in Location.'),
      400: 'The order is empty (`empty_order`), or a parameter or header is invalid. Nothing was changed.',
      404: 'There is no such order.',
      409:
        'The checkout failed: nothing was charged and no stock was taken (`reason` is `out_of_stock`, `unknown_item`, ' +
        '`insufficient_credit`, `unknown_user` or `cancelled`). Or the order was sold earlier with other contents, which ' +
        'order had lost when its database was restored (`sold_before`): nothing more was charged. Or another transaction ' +
        'holds the order (`order_locked`): nothing was started. Repeat the request in a moment.',
      429: 'Too many checkouts are in flight, and this one was not started. Try again after Retry-After seconds.',
    },
    handle: (request) => handleCheckout(deps, request),
  });
}

async function handleCheckout(deps: CheckoutDeps, request: Request): Promise<Answer> {
  const { order_id } = request.params;
  const end = performance.now() + deps.answerWithinMs;
  const may_open = deps.admission.enter();
  // Without room it could only join a checkout, and would have to wait to find out.
  if (!may_open && deps.isAway()) {
    deps.admission.recordRefused();
    return overloaded();
  }
  try {
    const decision = await decide(deps, request, end, {
      order_id,
      only_of: request.onlyOf,
      may_open,
      traceparent: request.traceparent,
      staff: request.staff,
      ...(request.idempotencyKey && {
        idempotency: { key: request.idempotencyKey, fingerprint: fingerprint(request) },
      }),
    });
    switch (decision.kind) {
      case 'unknown_order':
        return unknownOrder(order_id);
      case 'empty':
        return empty();
      case 'overloaded':
        deps.admission.recordRefused();
        return overloaded();
      case 'locked':
        // A client that has given up counts as well: no saga was opened that could count instead.
        answeredLocked.inc();
        return locked(order_id);
      case 'key_reused':
        return keyReused();
      case 'paid':
        return paid(order_id, decision.saga_id);
      case 'disputed':
        return answerTo(order_id, (await deps.readOutcome(decision.saga_id)) as Outcome);
      case 'repeated':
        return repeated(order_id, await deps.readOutcome(decision.saga_id));
    }
    if (decision.kind === 'opened') {
      deps.admission.recordOpened();
    }
    if (request.respondAsync) {
      return pending(order_id, decision.saga_id, { 'Preference-Applied': 'respond-async' });
    }
    const outcome = await waitForOutcome(deps, request, end, decision);
    if (outcome) {
      return answerTo(order_id, outcome);
    }
    // A client that has disconnected gets no answer, so it does not count as answered late.
    if (!request.isGone()) {
      answeredLate.inc();
    }
    return pending(order_id, decision.saga_id);
  } finally {
    if (may_open) {
      deps.admission.leave();
    }
  }
}

/** How soon a request for an order that another session has locked is tried again. */
const LOCKED_RETRY_MS = 500;

/**
 * Nothing is decided about an open order that another session has locked, so the request waits, as for an outcome.
 * @throws the database's error when orders could not even be read until then: whether this one is in flight is not known
 */
async function decide(
  { checkouts }: CheckoutDeps,
  request: Request,
  end: number,
  checkoutRequest: CheckoutRequest,
): Promise<CheckoutDecision> {
  let lost: Error | undefined;
  for (let attempt = checkoutRequest; ; await sleep(LOCKED_RETRY_MS)) {
    const isLast = () => request.isGone() || performance.now() > end;
    try {
      const decision = await checkouts.submit(attempt);
      if (decision.kind !== 'locked') {
        return decision;
      }
      lost ??= decision.lost;
      if (isLast()) {
        if (lost !== undefined) {
          throw lost;
        }
        return decision;
      }
      attempt = { ...checkoutRequest, was_locked: true };
    } catch (error) {
      // Without room for another checkout, there is none to wait either.
      if (causeOf(error) !== 'locked' || isLast() || !checkoutRequest.may_open) {
        throw lost ?? error;
      }
    }
  }
}

/**
 * Resolves with the outcome, or with undefined if it is not known in time or the client has disconnected.
 *
 * A saga that this request has just opened has not ended: its outcome arrives by a connection, and between the answer to
 * COMMIT and this line only promises have run. If the answer itself was late, the saga may have ended, and its outcome
 * may have come first: then the poll of the waiting requests finds it. A saga that was opened by another request may have
 * ended after the order was read, so its row is read again.
 */
async function waitForOutcome(
  { waiting, readOutcome }: CheckoutDeps,
  request: Request,
  end: number,
  { kind, saga_id }: CheckoutDecision & { saga_id: string },
): Promise<Outcome | undefined> {
  const waiter = waiting.add(saga_id);
  try {
    const known = kind === 'joined' ? await readOutcome(saga_id) : undefined;
    if (known) {
      return known;
    }
    request.whenGone(() => waiter.release());
    return await waiter.outcome(Math.max(end - performance.now(), 0));
  } finally {
    waiter.release();
  }
}
