import { v7 as uuid } from 'uuid';
import { z } from 'zod';
import { fingerprint, keyReused } from '../../../shared/http/idempotency';
import { id } from '../../../shared/http/inputs';
import type { Answer } from '../../../shared/http/problem';
import { type ApiRequest, type Route, route } from '../../../shared/http/route';
import type { Batcher } from '../../../shared/service/batch';
import { unknownOrder } from '../http/open-order';
import { answeredLate } from '../metrics';
import type { CheckoutDecision, CheckoutRequest } from '../saga/1-request-checkout/decide';
import type { Admission } from './admission';
import { answerTo, empty, overloaded, paid, pending, repeated } from './answers';
import type { Outcome, WaitingRequest, WaitingRequests } from './waiting-requests';

export interface CheckoutDeps {
  checkouts: Batcher<CheckoutRequest, CheckoutDecision>;
  waiting: WaitingRequests;
  admission: Admission;
  /** The outcome of a saga that has ended. */
  readOutcome(sagaId: string): Promise<Outcome | undefined>;
  answerWithinMs: number;
}

const params = z.object({ order_id: id });
type Request = ApiRequest<z.infer<typeof params>>;

/**
 * Opens a saga, or joins the one under way, and holds the request until it has ended: 200 only when the order is paid,
 * 4xx only when nothing of the attempt is left, 202 when neither can be said yet.
 */
export function checkout(deps: CheckoutDeps): Route {
  return route({
    method: 'POST',
    path: '/orders/checkout/{order_id}',
    summary: 'Pay for an order and take its items from the stock, or do nothing',
    description:
      'The request is held until the outcome is certain. An order that is paid already answers 200 and is charged nothing. ' +
      'Silence, a reset or a 5xx means that the outcome is unknown: repeat the request, and it joins the checkout under way or reads how it ended.',
    params,
    idempotent: true,
    preferAsync: true,
    answers: {
      200: z.object({ order_id: id, saga_id: z.uuid(), status: z.literal('PAID') }).describe('Paid.'),
      202: z
        .object({ order_id: id, saga_id: z.uuid(), status: z.literal('CHECKING_OUT') })
        .describe('Not decided yet: look where Location says.'),
      400: 'The order is empty (`empty_order`), or a parameter or header is not what this route says.',
      404: 'There is no such order.',
      409: 'The checkout failed and left no trace (`reason` is `out_of_stock`, `unknown_item`, `insufficient_credit`, `unknown_user` or `cancelled`), or a request with this Idempotency-Key is still in flight.',
      422: 'This Idempotency-Key was used for another request.',
      429: 'Too many checkouts are under way, and this one was not started.',
    },
    handle: (request) => checkOut(deps, request),
  });
}

async function checkOut(deps: CheckoutDeps, request: Request): Promise<Answer> {
  const { order_id } = request.params;
  const saga_id = uuid();
  const may_open = deps.admission.enter();
  const waiter = deps.waiting.add(saga_id);
  try {
    const decision = await deps.checkouts.submit({
      order_id,
      saga_id,
      may_open,
      traceparent: request.traceparent,
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
      case 'key_reused':
        return keyReused();
      case 'paid':
        return paid(order_id, decision.saga_id);
      case 'repeated':
        return repeated(order_id, await deps.readOutcome(decision.saga_id));
      case 'opened':
        deps.admission.recordOpened();
    }
    if (request.respondAsync) {
      return pending(order_id, decision.saga_id, { 'Preference-Applied': 'respond-async' });
    }
    const outcome =
      decision.saga_id === saga_id
        ? await waitForOutcome(waiter, deps, request)
        : await join(deps, decision.saga_id, request);
    if (outcome) {
      return answerTo(order_id, outcome);
    }
    // A client that has gone is told nothing, and is no sign of a shop that is slow.
    if (!request.isGone()) {
      answeredLate.inc();
    }
    return pending(order_id, decision.saga_id);
  } finally {
    waiter.release();
    if (may_open) {
      deps.admission.leave();
    }
  }
}

/** Undefined when it is not known in time, or when nobody is there any more to be told. */
function waitForOutcome(
  waiter: WaitingRequest,
  { answerWithinMs }: CheckoutDeps,
  request: Request,
): Promise<Outcome | undefined> {
  request.whenGone(() => waiter.release());
  return waiter.outcome(answerWithinMs);
}

/** The saga may have ended between our reading of the order and our waiting, so its row is looked at once more. */
async function join(deps: CheckoutDeps, sagaId: string, request: Request): Promise<Outcome | undefined> {
  const waiter = deps.waiting.add(sagaId);
  try {
    return (await deps.readOutcome(sagaId)) ?? (await waitForOutcome(waiter, deps, request));
  } finally {
    waiter.release();
  }
}
