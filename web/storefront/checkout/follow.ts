import { must, NoAnswer, Refused } from '../../client/answers';
import { api } from '../../client/index';
import type { Order } from '../../client/types';
import type { Attempt, Result } from './attempt';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5_000;
/** A request that was sent may still be on its way: so often an order is looked at that nothing has happened to. */
const LOOKS_BEFORE_LOST = 5;

export interface Following {
  readonly attempt: Attempt;
  readonly orderId: string;
  /** Says what is known by now. */
  say(detail: string): void;
}

/** Asks about an order until it is certain how the payment ended. Without an answer it keeps asking. */
export async function follow({ attempt, orderId, say }: Following): Promise<Result> {
  let untouched = 0;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    const order = await look(orderId, say);
    const result = order && resultOf(order, attempt);
    if (result !== undefined) {
      return result;
    }
    if (order?.status === 'OPEN' && ++untouched >= LOOKS_BEFORE_LOST) {
      return { kind: 'not arrived' };
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

async function look(order_id: string, say: (detail: string) => void): Promise<Order | undefined> {
  try {
    const order = await must(api.GET('/orders/find/{order_id}', { params: { path: { order_id } } }));
    say(
      order.status === 'OPEN'
        ? 'No answer came. The shop has your order, and no payment of it so far. This page looks again every few seconds.'
        : 'The shop has your order and has not decided yet. This page asks again every few seconds.',
    );
    return order;
  } catch (error) {
    if (error instanceof NoAnswer || (error instanceof Refused && error.isBusy)) {
      say('The shop cannot be reached right now. This page keeps asking; you need not do anything.');
      return undefined;
    }
    throw error;
  }
}

/** Returns undefined as long as nothing is certain. */
function resultOf(order: Order, { refusedSaga }: Attempt): Result | undefined {
  const { order_id: orderId, status, state, reason, saga_id, total_cost: total } = order;
  if (status === 'PAID') {
    return { kind: 'paid', orderId, total };
  }
  if (status === 'DISPUTED') {
    return { kind: 'refused', reason: 'sold_before', detail: '' };
  }
  return status === 'OPEN' && state === 'FAILED' && saga_id !== refusedSaga
    ? { kind: 'refused', reason: reason ?? 'cancelled', detail: '', sagaId: saga_id ?? undefined }
    : undefined;
}
