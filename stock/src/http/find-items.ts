import * as z from 'zod';
import { id, total } from '../../../shared/http/inputs';
import { type Route, route } from '../../../shared/http/route';
import { Prisma, type PrismaClient } from '../../prisma/client/client';

const MAX_ITEMS = 100;

const ids = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(id).max(MAX_ITEMS, `may name at most ${MAX_ITEMS} items`))
  .meta({
    override: { type: 'string', example: '0,1,2' },
    description: `At most ${MAX_ITEMS} item ids, separated by commas.`,
  });

interface Found {
  item_id: string;
  stock: number;
  price: number;
  at: number;
}

export function findItems(prisma: PrismaClient): Route {
  return route({
    method: 'GET',
    path: '/stock/items',
    audience: 'public',
    summary: 'Read several items at once',
    params: z.object({}),
    query: z.object({ ids }),
    answers: {
      200: z.object({
        items: z
          .array(z.object({ item_id: z.string(), stock: total, price: total }))
          .meta({ description: 'Those that exist, in any order.' }),
        at: z.number().meta({ description: 'When they were read, in milliseconds since 1970.' }),
      }),
    },
    async handle({ query: { ids } }) {
      const found = await prisma.$queryRaw<Found[]>`
        SELECT id AS item_id, available::float8 AS stock, price::float8 AS price,
               (extract(epoch FROM statement_timestamp()) * 1000)::float8 AS at
        FROM items WHERE id IN (${Prisma.join(ids)})`;
      return {
        status: 200,
        body: {
          items: found.map(({ at: _, ...item }) => item),
          at: found[0]?.at ?? Date.now(),
        },
      };
    },
  });
}
