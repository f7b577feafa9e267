import * as z from 'zod';
import { id, pageSize } from '../../../shared/http/inputs';
import { type Route, route } from '../../../shared/http/route';
import type { PrismaClient } from '../../prisma/client/client';
import { before, ofUser, orderSchema, readOrders } from './read-orders';

const DEFAULT_LIMIT = 20;

export function listOrders(prisma: PrismaClient): Route {
  return route({
    method: 'GET',
    path: '/orders',
    audience: 'buyer',
    forBuyers: 'shopkeeper',
    summary: 'List orders, the newest first',
    description: 'A buyer gets their own ones.',
    params: z.object({}),
    query: z.object({
      user_id: id.optional().meta({ description: 'Only the orders of this user.' }),
      cursor: id.optional().meta({ description: 'The `next_cursor` of the page before.' }),
      limit: pageSize.optional().meta({ description: `How many; ${DEFAULT_LIMIT} if it is left out.` }),
    }),
    revalidates: true,
    answers: {
      200: z.object({
        orders: z.array(orderSchema.extend({ created_at: z.iso.datetime() })),
        next_cursor: z
          .string()
          .nullable()
          .meta({ description: 'Where the next page begins; null on the last one.' }),
      }),
      404: 'The user is somebody else.',
    },
    async handle({ query: { user_id, cursor, limit = DEFAULT_LIMIT }, onlyOf }) {
      const owner = onlyOf ?? user_id;
      const conditions = [
        ...(owner === undefined ? [] : [ofUser(owner)]),
        ...(cursor === undefined ? [] : [before(cursor)]),
      ];
      // One more tells whether there is another page.
      const found = await readOrders(prisma, conditions, limit + 1);
      const page = found.slice(0, limit);
      return {
        status: 200,
        body: {
          orders: page.map(({ order, createdAt }) => ({ ...order, created_at: createdAt.toISOString() })),
          next_cursor: found.length > limit ? (page.at(-1)?.order.order_id ?? null) : null,
        },
      };
    },
  });
}
