import * as z from 'zod';
import { problem } from '../../../shared/http/problem';
import { type Route, route } from '../../../shared/http/route';
import { statement } from '../../../shared/postgres/statement';
import { TOKEN_SECONDS } from '../auth';
import type { AccountHttp } from './account-http';
import { clientOf } from './client-address';
import { email, password, tokenSchema } from './inputs';
import { writing } from './library';

/** Somebody with a password must not fill the table. */
const MAX_SESSIONS = 20;

const readCredential = statement<{ credential: string }>(
  'account_read_credential',
  `SELECT credentials.password AS credential FROM users JOIN credentials ON credentials.user_id = users.id
   WHERE email = $1`,
);

/** Ends the session that was just made if the password has been changed since it was compared, or was that of nobody. */
const confirmSession = statement<{ confirmed: boolean }>(
  'account_confirm_session',
  `WITH same AS (
     SELECT user_id FROM credentials WHERE user_id = $1 AND password = $2 FOR SHARE
   ), ended AS (
     DELETE FROM sessions WHERE token = $3 AND NOT EXISTS (SELECT FROM same)
   )
   SELECT EXISTS (SELECT FROM same) AS confirmed`,
);

const dropOldSessions = statement(
  'account_drop_old_sessions',
  `DELETE FROM sessions WHERE user_id = $1 AND id NOT IN (
     SELECT id FROM sessions WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT ${MAX_SESSIONS}
   )`,
);

export function login(options: AccountHttp): Route {
  const { auth, throttle, hops } = options;
  return route({
    method: 'POST',
    path: '/account/login',
    audience: 'public',
    summary: 'Log in: get a session and a first token',
    description: `The session is in a cookie for browsers, and in the body for programs. Somebody has ${MAX_SESSIONS} sessions at most; a further one ends the oldest.`,
    params: z.object({}),
    body: z.object({ email, password }),
    answers: {
      200: tokenSchema.extend({
        session: z.string().meta({ description: 'Send it as "Authorization: Bearer SESSION" to /account.' }),
      }),
      401: 'The e-mail address or the password is wrong (`wrong_credentials`).',
      429: 'There were too many wrong passwords from this address (`too_many_attempts`).',
    },
    async handle(request) {
      const { email, password } = request.body;
      const client = clientOf(request, hops);
      const { address } = client;
      const entered = await throttle.attempt(client, email, async () => {
        const found = await signIn(options, {
          email,
          password,
          address,
          agent: request.header('user-agent'),
        });
        return found && { ...found, token: await tokenFor(auth, found.session) };
      });
      if (entered === undefined) {
        return problem(401, {
          reason: 'wrong_credentials',
          detail: 'The e-mail address or the password is wrong.',
        });
      }
      const { session, cookie, token } = entered;
      return {
        status: 200,
        body: { session, access_token: token, token_type: 'Bearer', expires_in: TOKEN_SECONDS },
        headers: { 'Set-Cookie': cookie },
      };
    },
  });
}

interface Entered {
  /** The token of the session, with its signature. */
  session: string;
  cookie: string;
}

/**
 * Returns undefined if the address or the password is wrong. The password may be changed while the library compares it with
 * the old one: whoever knows only that must not stay.
 */
export async function signIn(
  { auth, database }: Pick<AccountHttp, 'auth' | 'database'>,
  {
    email,
    password,
    address,
    agent = '',
  }: { email: string; password: string; address: string; agent?: string | undefined },
): Promise<Entered | undefined> {
  const [before] = await database.transaction((tx) => tx.run(readCredential, [email]));
  return writing(async () => {
    const { headers, response } = await auth.api
      .signInEmail({
        body: { email, password },
        headers: new Headers({ 'x-forwarded-for': address, 'user-agent': agent.slice(0, 200) }),
        returnHeaders: true,
      })
      .catch((error) => {
        if (error.body?.code === 'INVALID_EMAIL_OR_PASSWORD') {
          return { headers: new Headers(), response: undefined };
        }
        throw error;
      });
    if (response === undefined) {
      return undefined;
    }
    const { id } = response.user;
    const [row] = await database.transaction(async (tx) => {
      const confirmed = await tx.run(confirmSession, [id, before?.credential ?? '', response.token]);
      tx.send(dropOldSessions, [id]);
      return confirmed;
    });
    return row?.confirmed ? { session: sessionTokenOf(headers), cookie: cookieOf(headers) } : undefined;
  });
}

/** Makes a token of a session that was just made. */
export function tokenFor(auth: AccountHttp['auth'], session: string): Promise<string> {
  const headers = new Headers({ authorization: `Bearer ${session}` });
  return writing(async () => (await auth.api.getToken({ headers })).token);
}

/** What the library answers to whoever has a new session. */
export const sessionTokenOf = (headers: Headers): string => headers.get('set-auth-token') ?? '';
export const cookieOf = (headers: Headers): string =>
  headers.getSetCookie().find((cookie) => cookie.includes('session_token=')) ?? '';
