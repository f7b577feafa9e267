import * as z from 'zod';
import { answerOnce } from '../../../shared/http/idempotency';
import { amount, id } from '../../../shared/http/inputs';
import { type Answer, problem, unknownUser } from '../../../shared/http/problem';
import { type Route, route } from '../../../shared/http/route';
import type { Database } from '../../../shared/postgres/database';
import type { Tx } from '../../../shared/postgres/tx';
import { creditAnswer, lockUser, moveCredit, userSchema } from './adjust-credit';
import { readOrderPayment, writeOrderPayment } from './order-payment-rows';

export function payOrder(database: Database): Route {
  return route({
    method: 'POST',
    path: '/payment/pay/{user_id}/{order_id}/{amount}',
    audience: 'operator',
    summary: 'Pay for an order outside any checkout (older edition)',
    description:
      'Paying the same amount again changes nothing. After a cancellation, a payment is charged again.',
    params: z.object({ user_id: id, order_id: id, amount }),
    idempotent: true,
    locks: ({ user_id }) => user_id,
    answers: {
      200: userSchema,
      404: 'There is no such user.',
      409:
        'The user has too little credit (`insufficient_credit`) or has already paid another amount (`already_paid`). ' +
        'Nothing was taken.',
    },
    handle: (request) => answerOnce(database, request, (tx) => charge(tx, request.params)),
  });
}

interface Charge {
  readonly user_id: string;
  readonly order_id: string;
  readonly amount: number;
}

async function charge(tx: Tx, { user_id, order_id, amount }: Charge): Promise<Answer> {
  const user = await lockUser(tx, user_id);
  if (user === undefined) {
    return unknownUser(user_id);
  }
  const payment = await readOrderPayment(tx, user_id, order_id);
  if (payment?.state === 'PAID') {
    const detail = `User ${user_id} has already paid ${payment.amount} for order ${order_id}. Cancel that first.`;
    return payment.amount === amount ? creditAnswer(user) : problem(409, { reason: 'already_paid', detail });
  }
  const answer = await moveCredit(tx, user, { delta: -amount, kind: 'order_payment', orderId: order_id });
  if (answer.status === 200) {
    await writeOrderPayment(tx, user_id, order_id, { amount, state: 'PAID' });
  }
  return answer;
}
