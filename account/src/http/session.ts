import type * as z from 'zod';
import { FROM_ELSEWHERE, isFromElsewhere } from '../../../shared/access/cross-site';
import { type Answer, problem, Refusal } from '../../../shared/http/problem';
import { type ApiRequest, type Route, route } from '../../../shared/http/route';
import type { Auth } from '../auth';
import { reading } from './library';

/** Somebody who logged in. */
export type Session = NonNullable<Awaited<ReturnType<Auth['api']['getSession']>>>;

type SessionRoute<Params extends z.ZodObject, Body extends z.ZodType> = Omit<
  Route<Params, Body>,
  'audience' | 'handle'
> & {
  /** @param headers what the library recognizes the session by */
  handle(
    request: ApiRequest<z.infer<Params>, z.infer<Body>>,
    session: Session,
    headers: Headers,
  ): Promise<Answer>;
};

export const ANSWERS_TO_SESSION = {
  401: 'There is no session (`unauthenticated`).',
  403: 'A page of another site sent this (`cross_site`).',
} as const;

/** Defines a route for somebody who logged in: with the session as a bearer token, or in a cookie. */
export function sessionRoute<Params extends z.ZodObject, Body extends z.ZodType>(
  auth: Auth,
  { handle, answers, ...definition }: SessionRoute<Params, Body>,
): Route {
  return route<Params, Body>({
    ...definition,
    audience: 'session',
    answers: { ...answers, ...ANSWERS_TO_SESSION },
    async handle(request) {
      const headers = sessionHeaders(request);
      return handle(request, await sessionOf(auth, request, headers), headers);
    },
  });
}

/**
 * A browser sends the cookie whoever made the page, so with it a request that changes something must come from a page of ours.
 * @throws {Refusal} with 401 or 403
 */
export async function sessionOf(
  auth: Auth,
  request: Pick<ApiRequest<unknown>, 'method' | 'header'>,
  headers: Headers,
): Promise<Session> {
  if (!headers.has('authorization') && request.method !== 'GET' && isFromElsewhere(sourceOf(request))) {
    throw new Refusal(problem(403, FROM_ELSEWHERE));
  }
  const session = await reading(() => auth.api.getSession({ headers }));
  if (session === null) {
    const detail =
      'This needs a session. Log in, and send it as "Authorization: Bearer SESSION" or as a cookie.';
    const challenge = { 'WWW-Authenticate': 'Bearer' };
    throw new Refusal(problem(401, { reason: 'unauthenticated', detail, headers: challenge }));
  }
  return session;
}

/** What a browser says about the page that sent a request. */
function sourceOf(request: Pick<ApiRequest<unknown>, 'header'>) {
  return {
    origin: request.header('origin'),
    host: request.header('host'),
    'sec-fetch-site': request.header('sec-fetch-site'),
  };
}

/**
 * A cookie counts only without another proof, and only if there is one session in it: another host of the same domain can add a
 * second. The library must not see headers that a client makes up.
 */
export function sessionHeaders(request: Pick<ApiRequest<unknown>, 'header'>): Headers {
  const authorization = request.header('authorization');
  const cookie = request.header('cookie');
  if (authorization !== undefined) {
    return new Headers({ authorization });
  }
  const sessions = cookie?.match(/session_token=/g) ?? [];
  return new Headers(cookie === undefined || sessions.length > 1 ? {} : { cookie });
}
