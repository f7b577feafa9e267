import * as z from 'zod';
import { answerOnce } from '../../../shared/http/idempotency';
import { amountOrZero } from '../../../shared/http/inputs';
import { type Route, route } from '../../../shared/http/route';
import { newId } from '../../../shared/new-id';
import type { Database } from '../../../shared/postgres/database';
import { statement } from '../../../shared/postgres/statement';

const insertItem = statement('http_insert_item', 'INSERT INTO items (id, price) VALUES ($1, $2)');

export function createItem(database: Database): Route {
  return route({
    method: 'POST',
    path: '/stock/item/create/{price}',
    audience: 'shopkeeper',
    summary: 'Create an item with nothing in stock',
    description: 'The price of an item never changes.',
    params: z.object({ price: amountOrZero }),
    idempotent: true,
    answers: { 200: z.object({ item_id: z.uuid() }) },
    handle: (request) =>
      answerOnce(database, request, async (tx) => {
        const id = newId();
        await tx.run(insertItem, [id, request.params.price]);
        return { status: 200, body: { item_id: id } };
      }),
  });
}
