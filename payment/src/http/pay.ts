import * as z from 'zod';
import { answerOnce } from '../../../shared/http/idempotency';
import { amount, id } from '../../../shared/http/inputs';
import { unknownUser } from '../../../shared/http/problem';
import { type Route, route } from '../../../shared/http/route';
import type { Database } from '../../../shared/postgres/database';
import { lockUser, moveCredit, userSchema } from './adjust-credit';

export function pay(database: Database): Route {
  return route({
    method: 'POST',
    path: '/payment/pay/{user_id}/{amount}',
    audience: 'operator',
    summary: 'Take credit from a user outside any checkout',
    params: z.object({ user_id: id, amount }),
    idempotent: true,
    locks: ({ user_id }) => user_id,
    answers: {
      200: userSchema,
      404: 'There is no such user.',
      409: 'The user has too little credit (`insufficient_credit`). Nothing was taken.',
    },
    handle(request) {
      const { user_id, amount } = request.params;
      return answerOnce(database, request, async (tx) => {
        const user = await lockUser(tx, user_id);
        return user === undefined
          ? unknownUser(user_id)
          : moveCredit(tx, user, { delta: -amount, kind: 'pay' });
      });
    },
  });
}
