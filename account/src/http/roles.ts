import * as z from 'zod';
import { id } from '../../../shared/http/inputs';
import { problem, unknownUser } from '../../../shared/http/problem';
import { type Route, route } from '../../../shared/http/route';
import { statement } from '../../../shared/postgres/statement';
import { isStillOperator, noOperator, recordAction } from '../operator-actions';
import type { AccountHttp } from './account-http';
import { accountAnswer, accountSchema, email, reason, roles } from './inputs';

interface UserRow {
  id: string;
  email: string;
  name: string;
  roles: string[];
  created_at: Date;
}

const lockUser = statement<UserRow>(
  'account_lock_user',
  'SELECT id, email, name, roles, created_at FROM users WHERE id = $1 FOR NO KEY UPDATE',
);

export const setRolesOf = statement(
  'account_set_roles',
  'UPDATE users SET roles = $2::text[], updated_at = CURRENT_TIMESTAMP WHERE id = $1',
);

export function findAccount({ prisma }: AccountHttp): Route {
  return route({
    method: 'POST',
    path: '/account/find',
    audience: 'operator',
    summary: 'Find an account by its e-mail address',
    description: 'The address is in the body, because paths end up in logs.',
    params: z.object({}),
    body: z.object({ email }),
    answers: { 200: accountSchema, 404: 'Nobody has this address.' },
    async handle({ body: { email } }) {
      const user = await prisma.user.findUnique({ where: { email } });
      return user === null
        ? problem(404, { reason: 'unknown_user', detail: 'Nobody has an account with this address.' })
        : accountAnswer(user);
    },
  });
}

export function setRoles({ database }: AccountHttp): Route {
  return route({
    method: 'POST',
    path: '/account/roles/{account_id}',
    audience: 'operator',
    summary: 'Say what somebody may do beside buying',
    description:
      'The roles replace those that the account had. Tokens that it has already keep theirs until they expire, for five minutes at most.',
    params: z.object({ account_id: id }),
    body: z.object({ roles, reason }),
    answers: { 200: accountSchema, 404: 'There is no such account.' },
    handle: ({ params: { account_id }, body, staff }) =>
      database.transaction(async (tx) => {
        const wanted = [...new Set(body.roles)].sort();
        const actor = staff?.subject ?? '';
        if (!(await isStillOperator(tx, actor))) {
          return noOperator();
        }
        const [user] = await tx.run(lockUser, [account_id]);
        if (user === undefined) {
          return unknownUser(account_id);
        }
        tx.send(setRolesOf, [account_id, wanted]);
        recordAction(tx, {
          actor,
          action: 'set_roles',
          subject: account_id,
          reason: body.reason,
          detail: { before: user.roles, after: wanted },
        });
        return accountAnswer({ ...user, roles: wanted, createdAt: user.created_at });
      }),
  });
}
