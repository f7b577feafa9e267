import * as z from 'zod';
import { total } from '../../../shared/http/inputs';
import { Prisma, type PrismaClient } from '../../prisma/client/client';
import { statusOf } from '../saga/order-state';

export const orderSchema = z.object({
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

type Order = z.infer<typeof orderSchema>;
/** An order as the database has it. */
type Found = Omit<Order, 'paid' | 'status'> & { readonly created_at: Date };

/**
 * Returns the first orders, the newest first, that meet all conditions on `orders`.
 *
 * One statement reads one snapshot, so the result never combines a checkout with the lines of another attempt.
 * Totals are at most 2^53 - 1, which float8 represents exactly.
 */
export async function readOrders(
  prisma: PrismaClient,
  conditions: readonly Prisma.Sql[],
  limit: number,
): Promise<{ order: Order; createdAt: Date }[]> {
  const where =
    conditions.length === 0 ? Prisma.empty : Prisma.sql`WHERE ${Prisma.join(conditions, ' AND ')}`;
  const found = await prisma.$queryRaw<Found[]>`
    SELECT o.id AS order_id, lines.items, o.user_id, lines.total_cost, o.saga_id::text, s.state, s.reason, o.created_at
    FROM (SELECT id, user_id, saga_id, created_at FROM orders ${where} ORDER BY id DESC LIMIT ${limit}) o
    LEFT JOIN sagas s ON s.id = o.saga_id
    CROSS JOIN LATERAL (
      SELECT coalesce(json_agg(json_build_array(item_id, quantity) ORDER BY item_id), '[]') AS items,
             coalesce(sum(quantity * price), 0)::float8 AS total_cost
      FROM order_lines WHERE order_id = o.id
    ) lines
    ORDER BY o.id DESC`;
  return found.map(({ order_id, created_at, ...rest }) => {
    const status = statusOf(rest);
    return { order: { order_id, paid: status === 'PAID', status, ...rest }, createdAt: created_at };
  });
}

export const ofUser = (userId: string): Prisma.Sql => Prisma.sql`user_id = ${userId}`;
export const withId = (orderId: string): Prisma.Sql => Prisma.sql`id = ${orderId}`;
export const before = (orderId: string): Prisma.Sql => Prisma.sql`id < ${orderId}`;
