import * as z from 'zod';
import { id } from '../../../shared/http/inputs';
import { unknownUser } from '../../../shared/http/problem';
import { type Route, route } from '../../../shared/http/route';
import type { PrismaClient } from '../../prisma/client/client';
import { creditAnswer, userSchema } from './adjust-credit';

export function findUser(prisma: PrismaClient): Route {
  return route({
    method: 'GET',
    path: '/payment/find_user/{user_id}',
    audience: 'buyer',
    summary: 'Read the credit of a user',
    params: z.object({ user_id: id }),
    answers: { 200: userSchema, 404: 'There is no such user.' },
    async handle({ params: { user_id } }) {
      const user = await prisma.user.findUnique({ where: { id: user_id } });
      return user === null
        ? unknownUser(user_id)
        : creditAnswer({ id: user.id, credit: Number(user.credit) });
    },
  });
}
