import * as z from 'zod';
import { answerOnce } from '../../../shared/http/idempotency';
import { amount, id } from '../../../shared/http/inputs';
import { unknownUser } from '../../../shared/http/problem';
import { type Route, route } from '../../../shared/http/route';
import type { Database } from '../../../shared/postgres/database';
import { lockUser, moveCredit, userSchema } from './adjust-credit';

export function addFunds(database: Database): Route {
  return route({
    method: 'POST',
    path: '/payment/add_funds/{user_id}/{amount}',
    audience: 'operator',
    summary: 'Add credit to a user',
    params: z.object({ user_id: id, amount }),
    idempotent: true,
    locks: ({ user_id }) => user_id,
    answers: { 200: userSchema, 404: 'There is no such user.' },
    handle(request) {
      const { user_id, amount } = request.params;
      return answerOnce(database, request, async (tx) => {
        const user = await lockUser(tx, user_id);
        return user === undefined
          ? unknownUser(user_id)
          : moveCredit(tx, user, { delta: amount, kind: 'add_funds' });
      });
    },
  });
}
