import * as z from 'zod';
import { problem } from '../../../shared/http/problem';
import { type Route, route } from '../../../shared/http/route';
import { statement } from '../../../shared/postgres/statement';
import { TOKEN_SECONDS } from '../auth';
import type { AccountHttp } from './account-http';
import { clientOf } from './client-address';
import { emailOfKey, tokenSchema } from './inputs';
import { reading } from './library';
import { signIn, tokenFor } from './login';
import { ANSWERS_TO_SESSION, sessionHeaders, sessionOf } from './session';

/** A token for a session, or for a service key: the client credentials grant of RFC 6749, section 4.4. */
export function token(options: AccountHttp): Route {
  const { auth, throttle, hops } = options;
  return route({
    method: 'POST',
    path: '/account/token',
    audience: 'session',
    summary: 'Get a token for the other services',
    description:
      'For a session, or for a service key, which is sent as "Authorization: Basic base64(NAME:SECRET)".',
    params: z.object({}),
    answers: {
      200: tokenSchema,
      ...ANSWERS_TO_SESSION,
      429: 'There were too many wrong service keys from this address (`too_many_attempts`).',
    },
    async handle(request) {
      const key = readBasic(request.header('authorization') ?? '');
      let access_token: string | undefined;
      if (key === undefined) {
        const headers = sessionHeaders(request);
        await sessionOf(auth, request, headers);
        ({ token: access_token } = await reading(() => auth.api.getToken({ headers })));
      } else {
        const client = clientOf(request, hops);
        const { address } = client;
        const email = emailOfKey(key.name);
        access_token = await throttle.attempt(client, email, () =>
          tokenForKey(options, { email, password: key.secret, address }),
        );
      }
      return access_token === undefined
        ? problem(401, {
            reason: 'wrong_credentials',
            detail: 'There is no such service key, or its secret is wrong.',
            headers: { 'WWW-Authenticate': 'Basic' },
          })
        : { status: 200, body: { access_token, token_type: 'Bearer', expires_in: TOKEN_SECONDS } };
    },
  });
}

const dropSession = statement('account_drop_session', 'DELETE FROM sessions WHERE token = $1');

/** A key needs no session beyond its token. */
async function tokenForKey(
  options: AccountHttp,
  key: { email: string; password: string; address: string },
): Promise<string | undefined> {
  const entered = await signIn(options, key);
  if (entered === undefined) {
    return undefined;
  }
  const token = await tokenFor(options.auth, entered.session);
  // What is before the point is the session, and what is behind it its signature.
  await options.database.transaction((tx) => tx.run(dropSession, [entered.session.split('.')[0]]));
  return token;
}

/** Of RFC 7617. */
function readBasic(authorization: string): { name: string; secret: string } | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/=]{1,400}) *$/i.exec(authorization)?.[1];
  const [, name, secret] =
    /^([a-z0-9-]{1,50}):([A-Za-z0-9_-]{1,100})$/.exec(
      Buffer.from(encoded ?? '', 'base64').toString('latin1'),
    ) ?? [];
  return name === undefined || secret === undefined ? undefined : { name, secret };
}
