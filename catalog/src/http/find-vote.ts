import * as z from 'zod';
import { id } from '../../../shared/http/inputs';
import { type Route, route } from '../../../shared/http/route';
import type { CatalogHttp } from './catalog-http';

export function findVote({ prisma }: CatalogHttp): Route {
  return route({
    method: 'GET',
    path: '/catalog/vote/{user_id}/{item_id}',
    audience: 'buyer',
    summary: 'Read how many stars a user gives a product',
    params: z.object({ user_id: id, item_id: id }),
    answers: {
      200: z.object({
        stars: z.int().min(1).max(5).nullable().meta({ description: 'null if the user has not voted.' }),
      }),
    },
    async handle({ params: { user_id: userId, item_id: itemId } }) {
      const vote = await prisma.vote.findUnique({ where: { itemId_userId: { itemId, userId } } });
      return { status: 200, body: { stars: vote?.stars ?? null } };
    },
  });
}
