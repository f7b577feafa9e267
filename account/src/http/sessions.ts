import * as z from 'zod';
import { id } from '../../../shared/http/inputs';
import { problem } from '../../../shared/http/problem';
import type { Route } from '../../../shared/http/route';
import type { AccountHttp } from './account-http';
import { accountAnswer, accountSchema } from './inputs';
import { writing } from './library';
import { cookieOf } from './login';
import { sessionRoute } from './session';

export function logout({ auth, prisma }: AccountHttp): Route {
  return sessionRoute(auth, {
    method: 'POST',
    path: '/account/logout',
    summary: 'Log out: end this session',
    description: 'Tokens that were made of it stay valid until they expire, for five minutes at most.',
    params: z.object({}),
    answers: { 200: z.object({ ended: z.int() }) },
    async handle(_request, { session }, headers) {
      // The library would say that it ended the session, whether it could or not. It knows how the cookie is cleared.
      const { count } = await writing(() => prisma.session.deleteMany({ where: { id: session.id } }));
      const { headers: answered } = await writing(() => auth.api.signOut({ headers, returnHeaders: true }));
      return { status: 200, body: { ended: count }, headers: { 'Set-Cookie': cookieOf(answered) } };
    },
  });
}

export function me({ auth }: AccountHttp): Route {
  return sessionRoute(auth, {
    method: 'GET',
    path: '/account/me',
    summary: 'Read my account',
    params: z.object({}),
    answers: { 200: accountSchema },
    handle: async (_request, { user }) => accountAnswer(user),
  });
}

const sessionSchema = z.object({
  session_id: id,
  created_at: z.string(),
  expires_at: z.string(),
  address: z.string().nullable(),
  user_agent: z.string().nullable(),
  is_this: z.boolean(),
});

export function listSessions({ auth, prisma }: AccountHttp): Route {
  return sessionRoute(auth, {
    method: 'GET',
    path: '/account/sessions',
    summary: 'List my sessions, the latest first',
    params: z.object({}),
    answers: { 200: z.object({ sessions: z.array(sessionSchema) }) },
    async handle(_request, { user, session }) {
      const found = await prisma.session.findMany({
        where: { userId: user.id, expiresAt: { gt: new Date() } },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: 100,
      });
      const sessions = found.map(({ id, createdAt, expiresAt, ipAddress, userAgent }) => ({
        session_id: id,
        created_at: createdAt.toISOString(),
        expires_at: expiresAt.toISOString(),
        address: ipAddress,
        user_agent: userAgent,
        is_this: id === session.id,
      }));
      return { status: 200, body: { sessions } };
    },
  });
}

export function endSession({ auth, prisma }: AccountHttp): Route {
  return sessionRoute(auth, {
    method: 'DELETE',
    path: '/account/sessions/{session_id}',
    summary: 'End one of my sessions',
    params: z.object({ session_id: id }),
    answers: { 200: z.object({ ended: z.int() }), 404: 'I have no such session.' },
    async handle({ params: { session_id } }, { user }) {
      const { count } = await writing(() =>
        prisma.session.deleteMany({ where: { id: session_id, userId: user.id } }),
      );
      return count === 0
        ? problem(404, { reason: 'unknown_session', detail: `There is no session ${session_id}.` })
        : { status: 200, body: { ended: count } };
    },
  });
}
