import * as z from 'zod';
import { answerOnce } from '../../../shared/http/idempotency';
import { id } from '../../../shared/http/inputs';
import { type Answer, problem } from '../../../shared/http/problem';
import { type Route, route } from '../../../shared/http/route';
import type { Database } from '../../../shared/postgres/database';
import { statement } from '../../../shared/postgres/statement';
import type { Tx } from '../../../shared/postgres/tx';
import { lockOpenOrder } from './lock-open-order';

const takeUnit = statement<{ quantity: number }>(
  'http_take_unit',
  `UPDATE order_lines SET quantity = quantity - 1 WHERE order_id = $1 AND item_id = $2 AND quantity > 1
   RETURNING quantity`,
);

const deleteLine = statement<{ item_id: string }>(
  'http_delete_line',
  'DELETE FROM order_lines WHERE order_id = $1 AND item_id = $2 RETURNING item_id',
);

export function removeItem(database: Database): Route {
  return route({
    method: 'DELETE',
    path: '/orders/removeItem/{order_id}/{item_id}',
    audience: 'buyer',
    summary: 'Remove one unit of an item from an order (older edition)',
    params: z.object({ order_id: id, item_id: id }),
    idempotent: true,
    locks: ({ order_id }) => order_id,
    answers: {
      200: z.object({ order_id: z.string(), item_id: z.string() }),
      404: 'There is no such order, or the item is not in it.',
      409:
        'The order is being checked out (`checkout_in_progress`), is paid (`already_paid`) or was sold earlier with other ' +
        'contents (`sold_before`). It was not changed.',
    },
    handle: (request) =>
      answerOnce(database, request, (tx) => removeUnit(tx, request.params, request.onlyOf)),
  });
}

async function removeUnit(
  tx: Tx,
  params: { order_id: string; item_id: string },
  onlyOf: string | undefined,
): Promise<Answer> {
  const { order_id, item_id } = params;
  const refused = await lockOpenOrder(tx, order_id, onlyOf);
  if (refused !== undefined) {
    return refused;
  }
  const taken = await tx.run(takeUnit, [order_id, item_id]);
  const deleted = taken.length === 0 ? await tx.run(deleteLine, [order_id, item_id]) : [];
  if (taken.length + deleted.length === 0) {
    const detail = `Item ${item_id} is not in order ${order_id}.`;
    return problem(404, { reason: 'not_in_order', detail });
  }
  return { status: 200, body: { order_id, item_id } };
}
