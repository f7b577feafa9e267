import * as z from 'zod';
import { id } from '../../../shared/http/inputs';
import { unknownUser } from '../../../shared/http/problem';
import { type Route, route } from '../../../shared/http/route';
import type { PrismaClient } from '../../prisma/client/client';

/** The older edition of the API also reads this with POST. */
export function orderPaymentStatus(method: 'GET' | 'POST', prisma: PrismaClient): Route {
  return route({
    method,
    path: '/payment/status/{user_id}/{order_id}',
    audience: 'buyer',
    summary: 'Read whether a user has paid for an order outside any checkout (older edition)',
    params: z.object({ user_id: id, order_id: id }),
    answers: { 200: z.object({ paid: z.boolean() }), 404: 'There is no such user.' },
    async handle({ params: { user_id, order_id } }) {
      const key = { userId_orderId: { userId: user_id, orderId: order_id } };
      const payment = await prisma.orderPayment.findUnique({ where: key });
      if (payment === null && (await prisma.user.findUnique({ where: { id: user_id } })) === null) {
        return unknownUser(user_id);
      }
      return { status: 200, body: { paid: payment?.state === 'PAID' } };
    },
  });
}
