import * as z from 'zod';
import { answerOnce } from '../../../shared/http/idempotency';
import { amount, id } from '../../../shared/http/inputs';
import { type Route, route } from '../../../shared/http/route';
import type { Database } from '../../../shared/postgres/database';
import { moveStock, stockSchema } from './adjust-stock';

export function add(database: Database, onStockChanged: (itemIds: string[]) => void): Route {
  return route({
    method: 'POST',
    path: '/stock/add/{item_id}/{amount}',
    audience: 'shopkeeper',
    summary: 'Add units to the stock of an item',
    params: z.object({ item_id: id, amount }),
    idempotent: true,
    locks: ({ item_id }) => item_id,
    answers: { 200: stockSchema, 404: 'There is no such item.' },
    async handle(request) {
      const { item_id, amount } = request.params;
      const answer = await answerOnce(database, request, (tx) => moveStock(tx, item_id, amount));
      if (answer.status === 200) {
        onStockChanged([item_id]);
      }
      return answer;
    },
  });
}
