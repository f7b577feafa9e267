import * as z from 'zod';
import { type Route, route } from '../../../shared/http/route';
import type { Levels } from '../levels';
import type { CatalogHttp } from './catalog-http';
import { listQuery, nextCursor, pageOf } from './list-products';
import { asProduct, type Kept, productSchema } from './read-products';

export const inventorySchema = productSchema.extend({
  hidden: z.boolean(),
  listed: z.boolean().meta({ description: 'Whether stock has said that it can be sold.' }),
});

export function listInventory({ lists, levels }: CatalogHttp): Route {
  return route({
    method: 'GET',
    path: '/catalog/inventory',
    audience: 'shopkeeper',
    summary: 'List all products, also those that buyers do not see',
    params: z.object({}),
    query: listQuery,
    revalidates: true,
    answers: { 200: z.object({ products: z.array(inventorySchema), next_cursor: nextCursor }) },
    async handle({ query }) {
      const read = pageOf(lists, query, []);
      if ('status' in read) {
        return read;
      }
      const { products, next_cursor } = await read.run();
      return {
        status: 200,
        body: { products: products.map((product) => forStaff(product, levels)), next_cursor },
      };
    },
  });
}

export function forStaff(product: Kept, levels: Pick<Levels, 'get'>): z.infer<typeof inventorySchema> {
  const { hidden, listed } = product;
  return { ...asProduct(product, levels), hidden, listed };
}
