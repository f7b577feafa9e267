import * as z from 'zod';
import { id } from '../../../shared/http/inputs';
import { type Route, route } from '../../../shared/http/route';
import { Prisma } from '../../prisma/client/client';
import { FRESH_SECONDS } from '../query-cache';
import type { CatalogHttp } from './catalog-http';
import { asProduct, LISTED, productSchema, readProducts, unknownProduct } from './read-products';

export function findProduct({ prisma, cache, levels }: CatalogHttp): Route {
  return route({
    method: 'GET',
    path: '/catalog/products/{item_id}',
    audience: 'public',
    summary: 'Read a product',
    params: z.object({ item_id: id }),
    freshSeconds: FRESH_SECONDS,
    answers: { 200: productSchema, 404: 'The shop does not sell it (`unknown_product`).' },
    async handle({ params: { item_id } }) {
      const [found] = await cache.get(`product ${item_id}`, () =>
        readProducts(prisma, {
          conditions: [LISTED, Prisma.sql`item_id = ${item_id}`],
          order: Prisma.sql`item_id`,
          limit: 1,
        }),
      );
      return found === undefined ? unknownProduct(item_id) : { status: 200, body: asProduct(found, levels) };
    },
  });
}
