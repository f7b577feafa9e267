import * as z from 'zod';
import { type Route, route } from '../../../shared/http/route';
import type { AccountHttp } from './account-http';
import { clientOf } from './client-address';
import { displayName, email, newPassword } from './inputs';
import { signUp } from './sign-up';

export function register({ auth, prisma, throttle, hops }: AccountHttp): Route {
  return route({
    method: 'POST',
    path: '/account/register',
    audience: 'public',
    summary: 'Make an account',
    description:
      'Then log in. The answer is the same if somebody has an account with this address: nobody is told who is a customer.',
    params: z.object({}),
    body: z.object({ email, password: newPassword, name: displayName.optional() }),
    answers: {
      200: z.object({ email: z.string() }),
      429: 'There were too many registrations from this address (`too_many_attempts`).',
    },
    async handle(request) {
      const { email, password, name = email.split('@')[0] ?? email } = request.body;
      await throttle.registration(clientOf(request, hops), () =>
        signUp({ auth, prisma }, { email, password, name }),
      );
      return { status: 200, body: { email } };
    },
  });
}
