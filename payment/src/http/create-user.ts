import * as z from 'zod';
import { answerOnce } from '../../../shared/http/idempotency';
import { id } from '../../../shared/http/inputs';
import { type Route, route } from '../../../shared/http/route';
import { newId } from '../../../shared/new-id';
import type { Database } from '../../../shared/postgres/database';
import { statement } from '../../../shared/postgres/statement';

const insertUser = statement(
  'http_insert_user',
  'INSERT INTO users (id) VALUES ($1) ON CONFLICT (id) DO NOTHING',
);

export function createUser(database: Database): Route {
  return route({
    method: 'POST',
    path: '/payment/create_user',
    audience: 'buyer',
    summary: 'Create a user with no credit',
    description:
      'Where access is required, a buyer becomes a user with the id that the token names. Doing it again changes nothing.',
    params: z.object({}),
    query: z.object({
      user_id: id.optional().meta({
        description: 'The id that the user gets, such as that of an account. Without it, a new one.',
      }),
    }),
    idempotent: true,
    answers: { 200: z.object({ user_id: id }) },
    handle: (request) =>
      answerOnce(database, request, async (tx) => {
        const user_id = request.onlyOf ?? request.query.user_id ?? newId();
        await tx.run(insertUser, [user_id]);
        return { status: 200, body: { user_id } };
      }),
  });
}
