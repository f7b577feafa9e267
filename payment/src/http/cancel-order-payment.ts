import * as z from 'zod';
import { answerOnce } from '../../../shared/http/idempotency';
import { id } from '../../../shared/http/inputs';
import { type Answer, problem, unknownUser } from '../../../shared/http/problem';
import { type Route, route } from '../../../shared/http/route';
import type { Database } from '../../../shared/postgres/database';
import type { Tx } from '../../../shared/postgres/tx';
import { creditAnswer, lockUser, moveCredit, userSchema } from './adjust-credit';
import { readOrderPayment, writeOrderPayment } from './order-payment-rows';

export function cancelOrderPayment(database: Database): Route {
  return route({
    method: 'POST',
    path: '/payment/cancel/{user_id}/{order_id}',
    audience: 'operator',
    summary: 'Refund a payment for an order outside any checkout (older edition)',
    description: 'Refunds once: cancelling again changes nothing.',
    params: z.object({ user_id: id, order_id: id }),
    idempotent: true,
    locks: ({ user_id }) => user_id,
    answers: { 200: userSchema, 404: 'There is no such user, or the user never paid for this order.' },
    handle: (request) => answerOnce(database, request, (tx) => refund(tx, request.params)),
  });
}

async function refund(tx: Tx, params: { user_id: string; order_id: string }): Promise<Answer> {
  const { user_id, order_id } = params;
  const user = await lockUser(tx, user_id);
  if (user === undefined) {
    return unknownUser(user_id);
  }
  const payment = await readOrderPayment(tx, user_id, order_id);
  if (payment === undefined) {
    const detail = `User ${user_id} never paid for order ${order_id}.`;
    return problem(404, { reason: 'never_paid', detail });
  }
  if (payment.state === 'CANCELLED') {
    return creditAnswer(user);
  }
  const answer = await moveCredit(tx, user, {
    delta: payment.amount,
    kind: 'order_refund',
    orderId: order_id,
  });
  if (answer.status === 200) {
    await writeOrderPayment(tx, user_id, order_id, { ...payment, state: 'CANCELLED' });
  }
  return answer;
}
