import * as z from 'zod';
import { answerOnce } from '../../../shared/http/idempotency';
import { amount, id } from '../../../shared/http/inputs';
import { type Route, route } from '../../../shared/http/route';
import type { Database } from '../../../shared/postgres/database';
import { moveStock, stockSchema } from './adjust-stock';

/** Whoever waits for the item may have to be refused now, so they are looked at again as after an addition. */
export function subtract(database: Database, onStockChanged: (itemIds: string[]) => void): Route {
  return route({
    method: 'POST',
    path: '/stock/subtract/{item_id}/{amount}',
    summary: 'Take from the stock of an item, outside any checkout',
    description: 'What a checkout in flight has reserved cannot be taken.',
    params: z.object({ item_id: id, amount }),
    idempotent: true,
    answers: {
      200: stockSchema,
      404: 'There is no such item.',
      409: 'There is less than that to be had (`out_of_stock`), and nothing was taken.',
    },
    async handle(request) {
      const { item_id, amount } = request.params;
      const answer = await answerOnce(database, request, (tx) => moveStock(tx, item_id, -amount));
      if (answer.status === 200) {
        onStockChanged([item_id]);
      }
      return answer;
    },
  });
}
