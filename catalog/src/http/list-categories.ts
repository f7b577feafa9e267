import * as z from 'zod';
import { total } from '../../../shared/http/inputs';
import { type Route, route } from '../../../shared/http/route';
import { FRESH_SECONDS } from '../query-cache';
import type { CatalogHttp } from './catalog-http';
import { LISTED } from './read-products';

/** More than anybody would choose from. */
const MAX_CATEGORIES = 200;

const categorySchema = z.object({ name: z.string(), products: total });

export function listCategories({ lists, cache }: CatalogHttp): Route {
  return route({
    method: 'GET',
    path: '/catalog/categories',
    audience: 'public',
    summary: 'List the categories of what the shop sells',
    params: z.object({}),
    freshSeconds: FRESH_SECONDS,
    answers: { 200: z.object({ categories: z.array(categorySchema) }) },
    handle: async () => ({
      status: 200,
      body: {
        categories: await cache.get('categories', () =>
          lists.read(
            (prisma) => prisma.$queryRaw<z.infer<typeof categorySchema>[]>`
              SELECT name, products FROM (
                SELECT category AS name, count(*)::float8 AS products
                FROM products, unnest(categories) AS category WHERE ${LISTED}
                GROUP BY category ORDER BY products DESC LIMIT ${MAX_CATEGORIES}
              ) AS largest ORDER BY lower(name)`,
          ),
        ),
      },
    }),
  });
}
