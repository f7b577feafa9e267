import * as z from 'zod';
import { id } from '../../../shared/http/inputs';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from '../auth';

/** A domain that nobody can have (RFC 2606): the accounts of programs are in it. */
const KEYS_DOMAIN = '@keys.invalid';

export const emailOfKey = (name: string): string => `${name}${KEYS_DOMAIN}`;
export const isKey = (email: string): boolean => email.endsWith(KEYS_DOMAIN);
export const nameOfKey = (email: string): string => email.slice(0, -KEYS_DOMAIN.length);

export const email = z
  .string('must be an e-mail address')
  .trim()
  .toLowerCase()
  .max(254, 'must be at most 254 characters long')
  .pipe(z.email('must be an e-mail address'))
  .refine((text) => !isKey(text), 'must be an e-mail address that exists');

/** For whoever proves who they are: a wrong one is wrong, whatever it looks like. */
export const password = z
  .string('must be a text')
  .min(1, 'must not be empty')
  .max(MAX_PASSWORD_LENGTH, `must be at most ${MAX_PASSWORD_LENGTH} characters long`);

export const newPassword = password.min(
  MIN_PASSWORD_LENGTH,
  `must be at least ${MIN_PASSWORD_LENGTH} characters long`,
);

export const displayName = z
  .string('must be a text')
  .trim()
  .min(1, 'must not be empty')
  .max(100, 'must be at most 100 characters long')
  .regex(/^\P{Cc}*$/u, 'must not have control characters');

export const roles = z
  .array(z.enum(['shopkeeper', 'operator'], 'must be "shopkeeper" or "operator"'), 'must be a list of roles')
  .max(2, 'must name each role once');

export const reason = z
  .string('must say why')
  .trim()
  .min(1, 'must say why')
  .max(500, 'must be at most 500 characters long')
  .regex(/^\P{Cc}*$/u, 'must not have control characters');

/** An account, as whoever it belongs to, or an operator, sees it. */
export const accountSchema = z
  .object({
    user_id: id,
    email: z.string(),
    name: z.string(),
    roles: z.array(z.string()),
    created_at: z.string(),
  })
  .meta({ id: 'Account' });

export function accountAnswer(user: {
  id: string;
  email: string;
  name: string;
  roles?: readonly string[] | null | undefined;
  createdAt: Date;
}) {
  const { id: user_id, email, name, roles, createdAt } = user;
  return {
    status: 200,
    body: { user_id, email, name, roles: roles ?? [], created_at: createdAt.toISOString() },
  };
}

/** A token, as in RFC 6749, section 5.1. */
export const tokenSchema = z
  .object({
    access_token: z.string().meta({ description: 'Send it as "Authorization: Bearer TOKEN".' }),
    token_type: z.literal('Bearer'),
    expires_in: z.int().meta({ description: 'Seconds.' }),
  })
  .meta({ id: 'Token' });
