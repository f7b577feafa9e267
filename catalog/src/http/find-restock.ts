import * as z from 'zod';
import { restockRefusal } from '../../../shared/contract/events';
import { total } from '../../../shared/http/inputs';
import { problem } from '../../../shared/http/problem';
import { type Route, route } from '../../../shared/http/route';
import type { CatalogHttp } from './catalog-http';

const states = ['REQUESTED', 'DONE', 'REFUSED'] as const;

export function findRestock({ prisma }: CatalogHttp): Route {
  return route({
    method: 'GET',
    path: '/catalog/restocks/{restock_id}',
    audience: 'shopkeeper',
    summary: 'Read what has become of units that were put into the shop',
    params: z.object({ restock_id: z.guid('must be the restock_id of an answer') }),
    revalidates: true,
    answers: {
      200: z.object({
        restock_id: z.uuid(),
        item_id: z.string(),
        quantity: total,
        state: z.enum(states).meta({ description: 'REQUESTED until stock has answered.' }),
        reason: restockRefusal.nullable().meta({ description: 'Why it was refused.' }),
        created_at: z.iso.datetime(),
      }),
      404: 'There is no such restock.',
    },
    async handle({ params: { restock_id } }) {
      const restock = await prisma.restock.findUnique({ where: { id: restock_id } });
      if (restock === null) {
        return problem(404, { reason: 'unknown_restock', detail: `There is no restock ${restock_id}.` });
      }
      const { itemId, quantity, state, reason, createdAt } = restock;
      return {
        status: 200,
        body: {
          ...{ restock_id, item_id: itemId, quantity: Number(quantity), state, reason },
          created_at: createdAt.toISOString(),
        },
      };
    },
  });
}
