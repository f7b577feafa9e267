import { APIError } from 'better-auth/api';
import * as z from 'zod';
import { type Answer, problem } from '../../../shared/http/problem';
import type { ApiRequest, Route } from '../../../shared/http/route';
import { statement } from '../../../shared/postgres/statement';
import type { AccountHttp } from './account-http';
import { clientOf } from './client-address';
import { newPassword, password } from './inputs';
import { writing } from './library';
import { cookieOf, sessionTokenOf } from './login';
import { ANSWERS_TO_SESSION, type Session, sessionRoute } from './session';

const ANSWERS = {
  403: `The password is wrong (\`wrong_password\`). Or: ${ANSWERS_TO_SESSION[403]}`,
  429: 'There were too many wrong passwords from this address (`too_many_attempts`).',
} as const;

/** Those that the old password opened while the library compared it. Later ones end themselves: see signIn. */
const dropOtherSessions = statement(
  'account_drop_other_sessions',
  'DELETE FROM sessions WHERE user_id = $1 AND token <> $2',
);
const dropUser = statement('account_drop_user', 'DELETE FROM users WHERE id = $1');

export function changePassword(options: AccountHttp): Route {
  const { auth, database } = options;
  return sessionRoute(auth, {
    method: 'POST',
    path: '/account/password',
    summary: 'Change my password, and end all my sessions',
    description: 'The answer has a new session in place of this one.',
    params: z.object({}),
    body: z.object({ password, new_password: newPassword }),
    answers: { 200: z.object({ session: z.string() }), ...ANSWERS },
    handle: (request, session, headers) =>
      withPassword(options, request, session, async () => {
        const { password: currentPassword, new_password: newPassword } = request.body;
        const { headers: answered, response } = await auth.api.changePassword({
          headers,
          body: { currentPassword, newPassword, revokeOtherSessions: true },
          returnHeaders: true,
        });
        const values = [session.user.id, response.token];
        await database.transaction((tx) => tx.run(dropOtherSessions, values));
        return {
          status: 200,
          body: { session: sessionTokenOf(answered) },
          headers: { 'Set-Cookie': cookieOf(answered) },
        };
      }),
  });
}

export function deleteAccount(options: AccountHttp): Route {
  const { auth, database } = options;
  return sessionRoute(auth, {
    method: 'POST',
    path: '/account/delete',
    summary: 'Delete my account',
    description:
      'My address, name and sessions are gone. My orders and payments stay, under an id that no longer says who I was.',
    params: z.object({}),
    body: z.object({ password }),
    answers: { 200: z.object({ deleted: z.int() }), ...ANSWERS },
    handle: (request, session, headers) =>
      withPassword(options, request, session, async () => {
        await auth.api.verifyPassword({ headers, body: { password: request.body.password } });
        // Everything else of the user goes with the row. The library would take three steps.
        await database.transaction((tx) => tx.run(dropUser, [session.user.id]));
        return { status: 200, body: { deleted: 1 } };
      }),
  });
}

/** Does what takes the password once more: whoever finds an open browser must not be able to. */
async function withPassword(
  { throttle, hops }: AccountHttp,
  request: ApiRequest<unknown>,
  { user }: Session,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const answer = await throttle.attempt(clientOf(request, hops), user.email, () =>
    writing(() =>
      work().catch((error) => {
        if (error instanceof APIError && error.body?.code === 'INVALID_PASSWORD') {
          return undefined;
        }
        throw error;
      }),
    ),
  );
  return answer ?? problem(403, { reason: 'wrong_password', detail: 'The password is wrong.' });
}
