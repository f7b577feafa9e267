import * as z from 'zod';
import { id } from '../../../shared/http/inputs';
import { type Route, route } from '../../../shared/http/route';
import type { PrismaClient } from '../../prisma/client/client';
import { unknownOrder } from './lock-open-order';
import { ofUser, orderSchema, readOrders, withId } from './read-orders';

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
      const owner = onlyOf === undefined ? [] : [ofUser(onlyOf)];
      const [found] = await readOrders(prisma, [withId(order_id), ...owner], 1);
      return found === undefined ? unknownOrder(order_id) : { status: 200, body: found.order };
    },
  });
}
