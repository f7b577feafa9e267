import * as z from 'zod';
import { id, total } from '../../../shared/http/inputs';
import { type Route, route } from '../../../shared/http/route';
import type { PrismaClient } from '../../prisma/client/client';
import { statusOf } from '../saga/order-state';
import { unknownOrder } from './lock-open-order';

const orderSchema = z.object({
  order_id: z.string(),
  paid: z.boolean(),
  items: z.array(z.tuple([z.string(), total])).meta({ description: 'Pairs of an item id and its quantity.' }),
  user_id: z.string(),
  total_cost: total,
  status: z.enum(['OPEN', 'CHECKING_OUT', 'PAID', 'DISPUTED']).meta({
    description: 'DISPUTED: sold earlier with other contents, which only a restored database explains.',
  }),
  saga_id: z.uuid().nullable().meta({ description: 'The last checkout attempt; null if there was none.' }),
  state: z
    .enum(['PENDING', 'PAID', 'FAILED', 'DISPUTED'])
    .nullable()
    .meta({ description: 'The state of that attempt.' }),
  reason: z.string().nullable().meta({ description: 'Why that attempt failed; null if it did not.' }),
});

type Found = Omit<z.infer<typeof orderSchema>, 'order_id' | 'paid' | 'status'>;

export function findOrder(prisma: PrismaClient): Route {
  return route({
    method: 'GET',
    path: '/orders/find/{order_id}',
    audience: 'buyer',
    forBuyers: 'shopkeeper',
    summary: 'Read an order and the state of its last checkout',
    params: z.object({ order_id: id }),
    answers: { 200: orderSchema, 404: 'There is no such order.' },
    async handle({ params: { order_id }, onlyOf }) {
      const [order] = await read(prisma, order_id, onlyOf);
      if (order === undefined) {
        return unknownOrder(order_id);
      }
      const status = statusOf(order);
      return { status: 200, body: { order_id, paid: status === 'PAID', status, ...order } };
    },
  });
}

/**
 * One statement reads one snapshot, so the result never combines a checkout with the lines of another attempt.
 * Totals are at most 2^53 - 1, which float8 represents exactly.
 */
function read(prisma: PrismaClient, orderId: string, onlyOf: string | undefined): Promise<Found[]> {
  return prisma.$queryRaw<Found[]>`
    SELECT lines.items, o.user_id, lines.total_cost, o.saga_id::text, s.state, s.reason
    FROM orders o
    LEFT JOIN sagas s ON s.id = o.saga_id
    CROSS JOIN LATERAL (
      SELECT coalesce(json_agg(json_build_array(item_id, quantity) ORDER BY item_id), '[]') AS items,
             coalesce(sum(quantity * price), 0)::float8 AS total_cost
      FROM order_lines WHERE order_id = o.id
    ) lines
    WHERE o.id = ${orderId} AND (${onlyOf ?? null}::text IS NULL OR o.user_id = ${onlyOf ?? null}::text)`;
}
