import { errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import * as z from 'zod';
import type { Caller } from './caller';

/** The token proves nothing. The message says why, without anything that is in it. */
export class InvalidToken extends Error {
  override readonly name = 'InvalidToken';
}

export interface Tokens {
  /**
   * Returns whose token it is. A promise only if the token was not seen lately.
   * @throws InvalidToken, IssuerUnavailable
   */
  verify(token: string): Caller | Promise<Caller>;
  /** Verifies all tokens anew: keys have changed. */
  forget(): void;
}

/** Keys with two halves only: with one that is shared, whoever can verify a token could make one. */
const ALGORITHMS = ['EdDSA', 'Ed25519', 'ES256', 'PS256', 'RS256'];
/** Of two machines. */
const CLOCK_SKEW_SECONDS = 30;
/** A token takes about 700 bytes here. */
const MAX_REMEMBERED = 20_000;
/** Larger ones are no tokens of ours, and a header may be 16 KiB long. */
const MAX_LENGTH = 4_096;

/** As ids of users are: see shared/http/inputs.ts. */
const subject = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

/**
 * Verifies access tokens (RFC 9068, as far as issuers follow it): signature, issuer, audience and times. Those that are valid
 * are remembered until they expire, so that a checkout costs no verification.
 * @param rolesClaim where the roles are in a token: `roles`, or `realm_access.roles`
 */
export function openTokens(options: {
  keys: JWTVerifyGetKey;
  issuer: string;
  audience: string;
  rolesClaim: string;
}): Tokens {
  const { keys, issuer, audience, rolesClaim } = options;
  const remembered = new LRUCache<string, Caller>({ max: MAX_REMEMBERED });

  async function verify(token: string): Promise<Caller> {
    if (token.length > MAX_LENGTH) {
      throw new InvalidToken('it is too long');
    }
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_SKEW_SECONDS,
      requiredClaims: ['sub', 'exp'],
    }).catch(explain);
    const { data } = subject.safeParse(payload.sub);
    if (data === undefined) {
      throw new InvalidToken('its subject cannot be the id of a user');
    }
    const caller = { subject: data, roles: rolesIn(payload, rolesClaim) };
    const ttl = ((payload.exp as number) + CLOCK_SKEW_SECONDS) * 1_000 - Date.now();
    remembered.set(token, caller, { ttl: Math.max(ttl, 1) });
    return caller;
  }

  return {
    verify: (token) => remembered.get(token) ?? verify(token),
    forget: () => remembered.clear(),
  };
}

function rolesIn(payload: unknown, claim: string): readonly string[] {
  const found = claim
    .split('.')
    .reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], payload);
  return z.array(z.string()).catch([]).parse(found);
}

/** Why jose refuses a token, in words of ours. Whatever else it throws is not about the token. */
function explain(error: unknown): never {
  if (error instanceof errors.JWTExpired) {
    throw new InvalidToken('it has expired');
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    throw new InvalidToken(`its claim "${error.claim}" is not as it must be`);
  }
  if (error instanceof errors.JOSEError) {
    throw new InvalidToken('it was not signed by the issuer that this shop trusts');
  }
  throw error;
}
