import * as z from 'zod';
import { answerOnce } from '../../../shared/http/idempotency';
import { type Route, route } from '../../../shared/http/route';
import { newId } from '../../../shared/new-id';
import type { Database } from '../../../shared/postgres/database';
import { statement } from '../../../shared/postgres/statement';

const insertUser = statement('http_insert_user', 'INSERT INTO users (id) VALUES ($1)');

export function createUser(database: Database): Route {
  return route({
    method: 'POST',
    path: '/payment/create_user',
    audience: 'operator',
    summary: 'Create a user with no credit',
    params: z.object({}),
    idempotent: true,
    answers: { 200: z.object({ user_id: z.uuid() }) },
    handle: (request) =>
      answerOnce(database, request, async (tx) => {
        const id = newId();
        await tx.run(insertUser, [id]);
        return { status: 200, body: { user_id: id } };
      }),
  });
}
