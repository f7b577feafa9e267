import * as z from 'zod';
import { answerOnce } from '../../../shared/http/idempotency';
import { amount, id } from '../../../shared/http/inputs';
import { type Route, route } from '../../../shared/http/route';
import type { Database } from '../../../shared/postgres/database';
import { moveStock, stockSchema } from './adjust-stock';

/** Sagas that wait for the item may have to be rejected now, so they are decided again, as after an addition. */
export function subtract(database: Database, onStockChanged: (itemIds: string[]) => void): Route {
  return route({
    method: 'POST',
    path: '/stock/subtract/{item_id}/{amount}',
    audience: 'shopkeeper',
    summary: 'Take units from the stock of an item outside any checkout',
    description: 'Units that a checkout in flight has reserved cannot be taken.',
    params: z.object({ item_id: id, amount }),
    idempotent: true,
    locks: ({ item_id }) => item_id,
    answers: {
      200: stockSchema,
      404: 'There is no such item.',
      409: 'Not enough units are available (`out_of_stock`). Nothing was taken.',
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
