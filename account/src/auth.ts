import { betterAuth } from 'better-auth';
import { prismaAdapter } from 'better-auth/adapters/prisma';
import { bearer, type JwtOptions, jwt } from 'better-auth/plugins';
import { newId } from '../../shared/new-id';
import type { Logger } from '../../shared/observe/log';
import type { PrismaClient } from '../prisma/client/client';
import { passwords } from './passwords';
import { KEY_SECONDS, type SigningKeys } from './signing-keys';

const DAY = 24 * 3_600;

export const MIN_PASSWORD_LENGTH = 12;
export const MAX_PASSWORD_LENGTH = 128;

/** How long somebody stays logged in. */
const SESSION_SECONDS = 30 * DAY;

/** How long a token is valid, in seconds. It cannot be called back, so it is short. */
export const TOKEN_SECONDS = 300;

export interface AuthOptions {
  readonly prisma: PrismaClient;
  readonly tokens: ReturnType<typeof jwtOptions>;
  readonly issuer: string;
  readonly secret: string;
  readonly log: Logger;
}

/** How tokens are made. Keys are kept by us: the library would let replicas make one each, and read the oldest only. */
export function jwtOptions(keys: SigningKeys, { issuer, audience }: { issuer: string; audience: string }) {
  return {
    disableSettingJwtHeader: true,
    adapter: keys,
    jwks: {
      keyPairConfig: { alg: 'EdDSA', crv: 'Ed25519' },
      rotationInterval: KEY_SECONDS,
    },
    jwt: {
      issuer,
      audience,
      expirationTime: `${TOKEN_SECONDS}s`,
      definePayload: ({ user }) => ({ roles: user.roles ?? [] }),
    },
  } satisfies JwtOptions;
}

/**
 * Accounts, sessions and tokens, as better-auth keeps them. It does the cryptography; the routes in `http` call it, and
 * nothing of its own HTTP API is served.
 */
export function openAuth({ prisma, tokens, issuer, secret, log }: AuthOptions) {
  return betterAuth({
    appName: 'Chandlery',
    baseURL: issuer,
    secret,
    database: prismaAdapter(prisma, { provider: 'postgresql', transaction: true }),
    emailAndPassword: {
      enabled: true,
      // Otherwise the answer to a registration would say whether somebody has that address.
      autoSignIn: false,
      minPasswordLength: MIN_PASSWORD_LENGTH,
      maxPasswordLength: MAX_PASSWORD_LENGTH,
      password: passwords,
    },
    user: {
      additionalFields: { roles: { type: 'string[]', input: false, required: false } },
    },
    session: { expiresIn: SESSION_SECONDS, disableSessionRefresh: true },
    account: { modelName: 'credential' },
    verification: { disableCleanup: true },
    advanced: {
      cookiePrefix: 'chandlery',
      useSecureCookies: issuer.startsWith('https:'),
      defaultCookieAttributes: { httpOnly: true, sameSite: 'strict', path: '/account' },
      database: { generateId: () => newId() },
    },
    plugins: [bearer({ requireSignature: true }), jwt(tokens)],
    // The routes have limits of their own, which all replicas share.
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    // What it says at lower levels repeats e-mail addresses.
    logger: {
      level: 'error',
      log: (_level, message, ...details) =>
        log.error({ err: details.find((detail) => detail instanceof Error) }, message),
    },
  });
}

export type Auth = ReturnType<typeof openAuth>;
