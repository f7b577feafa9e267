import * as z from 'zod';
import { id } from '../../../shared/http/inputs';
import { type Route, route } from '../../../shared/http/route';
import type { PrismaClient } from '../../prisma/client/client';

/** Anybody can make thousands of orders, and must not make others wait while they are read. */
const MAX_ORDERS = 2_000;

export function findPurchase(prisma: PrismaClient): Route {
  return route({
    method: 'GET',
    path: '/orders/bought/{user_id}/{item_id}',
    audience: 'buyer',
    summary: 'Read whether a user has bought an item',
    description: `Among their latest ${MAX_ORDERS} orders.`,
    params: z.object({ user_id: id, item_id: id }),
    answers: { 200: z.object({ bought: z.boolean() }) },
    async handle({ params: { user_id, item_id } }) {
      const [row] = await prisma.$queryRaw<{ bought: boolean }[]>`
        SELECT EXISTS (
          SELECT FROM (
            SELECT id, saga_id FROM orders WHERE user_id = ${user_id} ORDER BY id DESC LIMIT ${MAX_ORDERS}
          ) o
          JOIN sagas s ON s.id = o.saga_id AND s.state IN ('PAID', 'DISPUTED')
          JOIN order_lines l ON l.order_id = o.id AND l.item_id = ${item_id}
        ) AS bought`;
      return { status: 200, body: { bought: row?.bought === true } };
    },
  });
}
