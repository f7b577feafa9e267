import * as z from 'zod';
import { id, total } from '../../../shared/http/inputs';
import { type Route, route } from '../../../shared/http/route';
import type { PrismaClient } from '../../prisma/client/client';
import { unknownItem } from './adjust-stock';

export function findItem(prisma: PrismaClient): Route {
  return route({
    method: 'GET',
    path: '/stock/find/{item_id}',
    audience: 'public',
    summary: 'Read the price of an item and how many units are available',
    params: z.object({ item_id: id }),
    answers: { 200: z.object({ stock: total, price: total }), 404: 'There is no such item.' },
    async handle({ params: { item_id } }) {
      const item = await prisma.item.findUnique({ where: { id: item_id } });
      if (item === null) {
        return unknownItem(item_id);
      }
      return { status: 200, body: { stock: Number(item.available), price: Number(item.price) } };
    },
  });
}
