import * as z from 'zod';
import { answerOnce } from '../../../shared/http/idempotency';
import { id } from '../../../shared/http/inputs';
import { problem } from '../../../shared/http/problem';
import { type Route, route } from '../../../shared/http/route';
import { statement } from '../../../shared/postgres/statement';
import type { CatalogHttp } from './catalog-http';
import { categories, description, name, picture } from './inputs';
import { lockNames, nameKey } from './name-key';
import { unknownProduct } from './read-products';

const fields = { name, description, picture, categories, hidden: z.boolean() };
const body = z.object(fields).partial();

/** A parameter that is null leaves the column as it is. */
const updateProduct = statement<{ item_id: string }>(
  'http_update_product',
  `UPDATE products SET name = coalesce($2, name), description = coalesce($3, description),
          picture = coalesce($4, picture), categories = coalesce($5::text[], categories),
          hidden = coalesce($6::boolean, hidden), name_key = coalesce($7, name_key), updated_at = now()
   WHERE item_id = $1 RETURNING item_id`,
);

const isNameTaken = statement<{ taken: boolean }>(
  'http_is_name_taken',
  'SELECT EXISTS (SELECT FROM products WHERE name_key = $2 AND item_id <> $1) AS taken',
);

export function editProduct({ database, cache }: CatalogHttp): Route {
  return route({
    method: 'PATCH',
    path: '/catalog/products/{item_id}',
    audience: 'shopkeeper',
    summary: 'Change what a product is called and described as, or hide it',
    description:
      'What is left out stays as it is. A hidden product can be bought by whoever has it in an order.',
    params: z.object({ item_id: id }),
    body,
    idempotent: true,
    locks: ({ item_id }) => item_id,
    answers: {
      200: z.object({ item_id: z.string() }),
      404: 'There is no such product (`unknown_product`).',
      409: 'Another product has the name (`name_taken`).',
    },
    async handle(request) {
      const { params, body } = request;
      const { item_id } = params;
      const answer = await answerOnce(database, request, async (tx) => {
        if (body.name !== undefined) {
          await tx.run(lockNames);
          const [other] = await tx.run(isNameTaken, [item_id, nameKey(body.name)]);
          if (other?.taken) {
            const detail = `Another product is called "${body.name}". Choose another name.`;
            return problem(409, { reason: 'name_taken', detail });
          }
        }
        const values = (Object.keys(fields) as (keyof typeof fields)[]).map((field) => body[field] ?? null);
        const [updated] = await tx.run(updateProduct, [
          ...[item_id, ...values],
          body.name === undefined ? null : nameKey(body.name),
        ]);
        return updated === undefined ? unknownProduct(item_id) : { status: 200, body: updated };
      });
      if (answer.status === 200) {
        cache.clear();
      }
      return answer;
    },
  });
}
