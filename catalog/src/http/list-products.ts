import * as z from 'zod';
import { pageSize } from '../../../shared/http/inputs';
import { type Answer, problem } from '../../../shared/http/problem';
import { type Route, route } from '../../../shared/http/route';
import { Prisma, type PrismaClient } from '../../prisma/client/client';
import { FRESH_SECONDS } from '../query-cache';
import type { CatalogHttp } from './catalog-http';
import { category, search } from './inputs';
import { after, cursorAfter, orderBy, type Sort, sort } from './list-order';
import type { Lists } from './lists';
import { asProduct, type Kept, LISTED, productSchema, readProducts } from './read-products';

const DEFAULT_LIMIT = 24;

export const listQuery = z.object({
  search: search
    .optional()
    .meta({ description: 'Words, or their beginnings, that the name and the description have.' }),
  category: category.optional(),
  sort: sort.optional().meta({ description: '`name` if it is left out.' }),
  cursor: z
    .string()
    .max(800)
    .optional()
    .meta({ description: 'The `next_cursor` of the page before, of the same list.' }),
  limit: pageSize.optional().meta({ description: `How many; ${DEFAULT_LIMIT} if it is left out.` }),
});
type ListQuery = z.infer<typeof listQuery>;

export const nextCursor = z
  .string()
  .nullable()
  .meta({ description: 'Where the next page begins; null on the last one.' });

/** A page of a list. */
export interface Page {
  readonly products: readonly Kept[];
  readonly next_cursor: string | null;
}

export function listProducts({ lists, cache, levels }: CatalogHttp): Route {
  return route({
    method: 'GET',
    path: '/catalog/products',
    audience: 'public',
    summary: 'List what the shop sells, or search it',
    params: z.object({}),
    query: listQuery,
    freshSeconds: FRESH_SECONDS,
    answers: { 200: z.object({ products: z.array(productSchema), next_cursor: nextCursor }) },
    async handle({ query }) {
      const read = pageOf(lists, query, [LISTED]);
      if ('status' in read) {
        return read;
      }
      const { products, next_cursor } = await cache.get(`list ${JSON.stringify(query)}`, read.run);
      return {
        status: 200,
        body: { products: products.map((product) => asProduct(product, levels)), next_cursor },
      };
    },
  });
}

/**
 * Returns a function that reads a page, or a refusal.
 * @param conditions what all products of the list have in common
 */
export function pageOf(
  lists: Lists,
  { search, category, sort = 'name', cursor, limit = DEFAULT_LIMIT }: ListQuery,
  conditions: readonly Prisma.Sql[],
): Answer | { run(): Promise<Page> } {
  const start = cursor === undefined ? [] : after(sort, cursor);
  if (start === undefined) {
    const detail = 'Parameter "cursor" is not the next_cursor of a page of this list. Begin without one.';
    return problem(400, { reason: 'invalid_parameter', detail });
  }
  const all = [
    ...conditions,
    ...(search === undefined ? [] : [hasWords(search)]),
    ...(category === undefined ? [] : [Prisma.sql`categories @> ARRAY[${category}]`]),
    ...[start].flat(),
  ];
  return { run: () => lists.read((prisma) => readPage(prisma, all, sort, limit)) };
}

async function readPage(
  prisma: PrismaClient,
  conditions: readonly Prisma.Sql[],
  sort: Sort,
  limit: number,
): Promise<Page> {
  // One more tells whether there is another page.
  const found = await readProducts(prisma, { conditions, order: orderBy(sort), limit: limit + 1 });
  const products = found.slice(0, limit);
  const last = products.at(-1);
  return { products, next_cursor: found.length > limit && last ? cursorAfter(sort, last) : null };
}

/** Every word of the search begins a word of the product, in any form. What is no letter and no digit separates words. */
function hasWords(search: string): Prisma.Sql {
  const words = search.match(/[\p{L}\p{N}]+/gu) ?? [];
  const query = words.map((word) => `${word}:*`).join(' & ');
  return Prisma.sql`words @@ to_tsquery('english', ${query})`;
}
