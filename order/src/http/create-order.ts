import * as z from 'zod';
import { answerOnce } from '../../../shared/http/idempotency';
import { id } from '../../../shared/http/inputs';
import { type Route, route } from '../../../shared/http/route';
import { newId } from '../../../shared/new-id';
import type { Database } from '../../../shared/postgres/database';
import { statement } from '../../../shared/postgres/statement';
import { newFirstSagaId } from '../first-saga-id';

const insertOrder = statement(
  'http_insert_order',
  'INSERT INTO orders (id, user_id, first_saga_id) VALUES ($1, $2, $3)',
);

export function createOrder(database: Database): Route {
  return route({
    method: 'POST',
    path: '/orders/create/{user_id}',
    audience: 'buyer',
    summary: 'Create an empty order',
    description: 'This does not check that the user exists. If the user is unknown, the checkout fails.',
    params: z.object({ user_id: id }),
    idempotent: true,
    answers: { 200: z.object({ order_id: z.uuid() }) },
    handle: (request) =>
      answerOnce(database, request, async (tx) => {
        const orderId = newId();
        await tx.run(insertOrder, [orderId, request.params.user_id, newFirstSagaId()]);
        return { status: 200, body: { order_id: orderId } };
      }),
  });
}
