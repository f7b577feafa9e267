import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { id } from '../../../shared/http/inputs';
import { problem } from '../../../shared/http/problem';
import { type Route, route } from '../../../shared/http/route';
import { statement } from '../../../shared/postgres/statement';
import { isStillOperator, noOperator, recordAction } from '../operator-actions';
import type { AccountHttp } from './account-http';
import { emailOfKey, nameOfKey, reason, roles } from './inputs';
import { setRolesOf } from './roles';
import { signUp } from './sign-up';

/** The key of a program: an account with a password that nobody chose, so it cannot be guessed. */

const SECRET_BYTES = 32;
const MAX_KEYS = 1_000;

const keyName = z
  .string('must be a name')
  .regex(/^[a-z0-9-]{1,50}$/, 'must be 1 to 50 characters from a-z, 0-9 and "-"');

const dropKey = statement<{ id: string; roles: string[] }>(
  'account_drop_key',
  'DELETE FROM users WHERE email = $1 RETURNING id, roles',
);

export function createKey({ auth, prisma, database }: AccountHttp): Route {
  return route({
    method: 'POST',
    path: '/account/keys',
    audience: 'operator',
    summary: 'Make a service key for a program',
    description:
      'The secret is shown this once. The program gets tokens with it at /account/token, until the key is revoked.',
    params: z.object({}),
    body: z.object({ name: keyName, roles, reason }),
    answers: {
      200: z.object({ name: keyName, user_id: id, secret: z.string(), roles: z.array(z.string()) }),
      409: 'There is a key with this name, or there are too many (`key_exists`, `too_many_keys`).',
    },
    async handle({ body, staff }) {
      const wanted = [...new Set(body.roles)].sort();
      const actor = staff?.subject ?? '';
      if (!(await database.transaction((tx) => isStillOperator(tx, actor)))) {
        return noOperator();
      }
      if ((await prisma.user.count({ where: { email: { endsWith: emailOfKey('') } } })) >= MAX_KEYS) {
        return problem(409, { reason: 'too_many_keys', detail: 'Revoke keys that are not used.' });
      }
      const secret = randomBytes(SECRET_BYTES).toString('base64url');
      const user_id = await signUp(
        { auth, prisma },
        { email: emailOfKey(body.name), password: secret, name: body.name },
      );
      if (user_id === undefined) {
        return problem(409, {
          reason: 'key_exists',
          detail: `There is a key "${body.name}" already. Revoke it first, or use another name.`,
        });
      }
      // Until here the key has no roles, so a failure leaves one that nobody knows and that can do nothing.
      return database.transaction(async (tx) => {
        if (!(await isStillOperator(tx, actor))) {
          tx.send(dropKey, [emailOfKey(body.name)]);
          return noOperator();
        }
        tx.send(setRolesOf, [user_id, wanted]);
        recordAction(tx, {
          actor,
          action: 'create_key',
          subject: user_id,
          reason: body.reason,
          detail: { name: body.name, roles: wanted },
        });
        return { status: 200, body: { name: body.name, user_id, secret, roles: wanted } };
      });
    },
  });
}

export function listKeys({ prisma }: AccountHttp): Route {
  const keySchema = z.object({
    name: keyName,
    user_id: id,
    roles: z.array(z.string()),
    created_at: z.string(),
  });
  return route({
    method: 'GET',
    path: '/account/keys',
    audience: 'operator',
    summary: 'List the service keys',
    params: z.object({}),
    answers: { 200: z.object({ keys: z.array(keySchema) }) },
    async handle() {
      const found = await prisma.user.findMany({
        where: { email: { endsWith: emailOfKey('') } },
        orderBy: { email: 'asc' },
        take: MAX_KEYS,
      });
      const keys = found.map(({ id, email, roles, createdAt }) => ({
        name: nameOfKey(email),
        user_id: id,
        roles,
        created_at: createdAt.toISOString(),
      }));
      return { status: 200, body: { keys } };
    },
  });
}

export function revokeKey({ database }: AccountHttp): Route {
  return route({
    method: 'POST',
    path: '/account/keys/revoke',
    audience: 'operator',
    summary: 'Revoke a service key',
    description: 'Tokens that it has already stay valid until they expire, for five minutes at most.',
    params: z.object({}),
    body: z.object({ name: keyName, reason }),
    answers: { 200: z.object({ name: keyName, user_id: id }), 404: 'There is no such key.' },
    handle: ({ body: { name, reason }, staff }) =>
      database.transaction(async (tx) => {
        const actor = staff?.subject ?? '';
        if (!(await isStillOperator(tx, actor))) {
          return noOperator();
        }
        const [dropped] = await tx.run(dropKey, [emailOfKey(name)]);
        if (dropped === undefined) {
          return problem(404, { reason: 'unknown_key', detail: `There is no key "${name}".` });
        }
        const { id: user_id, roles } = dropped;
        const detail = { name, roles };
        recordAction(tx, {
          actor,
          action: 'revoke_key',
          subject: user_id,
          reason,
          detail,
        });
        return { status: 200, body: { name, user_id } };
      }),
  });
}
