import { v7 as uuid } from 'uuid';
import { z } from 'zod';
import type { Batcher } from '../../../shared/batch';
import { fingerprint, keyReused } from '../../../shared/http/idempotency';
import { id } from '../../../shared/http/inputs';
import { type Answer, problem } from '../../../shared/http/problem';
import { type ApiRequest, type Route, route } from '../../../shared/http/route';
import type { Admission } from '../admission';
import type { HeldCheckouts, Outcome } from '../held-checkouts';
import type { CheckoutDecision, CheckoutRequest } from '../saga/1-request-checkout/decide';

export interface CheckoutDeps {
  checkouts: Batcher<CheckoutRequest, CheckoutDecision>;
  held: HeldCheckouts;
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
    summary: 'Pays for an order and takes its items from the stock, or does nothing.',
    description:
      'The request is held until the outcome is certain. An order that is paid already answers 200 and is charged nothing. ' +
      'Silence, a reset or a 5xx means that the outcome is unknown: repeat the request, and it joins the checkout under way or reads how it ended.',
    params,
    idempotent: true,
    preferAsync: true,
    answers: {
      200: z.object({ order_id: id, saga_id: z.uuid(), status: z.literal('PAID') }),
      202: z.object({ order_id: id, saga_id: z.uuid(), status: z.literal('CHECKING_OUT') }),
      400: 'The order is empty.',
      404: 'There is no such order.',
      409: 'The checkout failed and left no trace (`reason` is `out_of_stock`, `unknown_item`, `insufficient_credit`, `unknown_user` or `cancelled`), or a request with this Idempotency-Key is still in flight.',
      422: 'This Idempotency-Key was used for another request.',
      429: 'Too many checkouts are under way. Nothing was started.',
    },
    async handle(request) {
      if (!deps.admission.enter()) return overloaded();
      try {
        return await checkOut(deps, request);
      } finally {
        deps.admission.leave();
      }
    },
  });
}

async function checkOut(deps: CheckoutDeps, request: Request): Promise<Answer> {
  const { order_id } = request.params;
  const saga_id = uuid();
  const hold = deps.held.hold(saga_id);
  try {
    const decision = await deps.checkouts.submit({
      order_id,
      saga_id,
      traceparent: request.traceparent,
      ...(request.idempotencyKey && {
        idempotency: { key: request.idempotencyKey, fingerprint: fingerprint(request) },
      }),
    });
    switch (decision.kind) {
      case 'unknown_order':
        return problem(404, { detail: `There is no order ${order_id}.` });
      case 'empty':
        return problem(400, {
          reason: 'empty_order',
          detail: 'Add an item to the order before checking it out.',
        });
      case 'key_reused':
        return keyReused();
      case 'paid':
        return paid(order_id, decision.saga_id);
      case 'repeated':
        return repeated(order_id, decision.saga_id, await deps.readOutcome(decision.saga_id));
      case 'opened':
      case 'joined': {
        if (request.respondAsync)
          return pending(order_id, decision.saga_id, { 'Preference-Applied': 'respond-async' });
        const outcome =
          decision.saga_id === saga_id
            ? await hold.outcome(deps.answerWithinMs, request.signal)
            : await join(deps, decision.saga_id, request.signal);
        return outcome ? answerTo(order_id, outcome) : pending(order_id, decision.saga_id);
      }
    }
  } finally {
    hold.release();
  }
}

/** The saga may have ended between our reading of the order and our waiting, so its row is looked at once more. */
async function join(deps: CheckoutDeps, sagaId: string, signal: AbortSignal): Promise<Outcome | undefined> {
  const hold = deps.held.hold(sagaId);
  try {
    return (await deps.readOutcome(sagaId)) ?? (await hold.outcome(deps.answerWithinMs, signal));
  } finally {
    hold.release();
  }
}

function answerTo(order_id: string, { saga_id, state, reason }: Outcome): Answer {
  if (state === 'PAID') return paid(order_id, saga_id);
  return problem(409, {
    reason: reason as string,
    saga_id,
    detail:
      'The checkout failed, nothing was charged and nothing was taken from the stock. The order can be checked out again.',
  });
}

function paid(order_id: string, saga_id: string): Answer {
  return { status: 200, body: { order_id, saga_id, status: 'PAID' } };
}

function pending(order_id: string, saga_id: string, headers: Record<string, string> = {}): Answer {
  return {
    status: 202,
    body: { order_id, saga_id, status: 'CHECKING_OUT' },
    headers: { Location: `/orders/find/${order_id}`, 'Retry-After': '1', ...headers },
  };
}

function repeated(order_id: string, saga_id: string, outcome: Outcome | undefined): Answer {
  if (!outcome) {
    return problem(409, {
      reason: 'idempotency_key_in_flight',
      saga_id,
      detail: 'A request with this Idempotency-Key is still being handled. Repeat this one in a moment.',
      headers: { 'Retry-After': '1' },
    });
  }
  const answer = answerTo(order_id, outcome);
  return { ...answer, headers: { 'Idempotency-Replayed': 'true' } };
}

function overloaded(): Answer {
  return problem(429, {
    reason: 'overloaded',
    detail: 'Too many checkouts are under way. Nothing was started; try again in a moment.',
    headers: { 'Retry-After': '1' },
  });
}
