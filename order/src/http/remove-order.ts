import * as z from 'zod';
import { answerOnce } from '../../../shared/http/idempotency';
import { id } from '../../../shared/http/inputs';
import { type Route, route } from '../../../shared/http/route';
import type { Database } from '../../../shared/postgres/database';
import { statement } from '../../../shared/postgres/statement';
import { lockOpenOrder } from './lock-open-order';

/** Also deletes the lines. The sagas of failed checkouts stay, so that late events remain harmless. */
const deleteOrder = statement('http_delete_order', 'DELETE FROM orders WHERE id = $1');

export function removeOrder(database: Database): Route {
  return route({
    method: 'DELETE',
    path: '/orders/remove/{order_id}',
    audience: 'buyer',
    summary: 'Delete an unpaid order (older edition)',
    params: z.object({ order_id: id }),
    idempotent: true,
    locks: ({ order_id }) => order_id,
    answers: {
      200: z.object({ order_id: z.string() }),
      404: 'There is no such order.',
      409:
        'The order is being checked out (`checkout_in_progress`), is paid (`already_paid`) or was sold earlier with other ' +
        'contents (`sold_before`). It was not deleted.',
    },
    handle: (request) =>
      answerOnce(database, request, async (tx) => {
        const { order_id } = request.params;
        const refused = await lockOpenOrder(tx, order_id, request.onlyOf);
        if (refused !== undefined) {
          return refused;
        }
        await tx.run(deleteOrder, [order_id]);
        return { status: 200, body: { order_id } };
      }),
  });
}
