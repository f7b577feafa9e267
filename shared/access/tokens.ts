import { errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyResult, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import * as z from 'zod';
import { id } from '../http/inputs';
import type { Caller } from './caller';
import { IssuerUnavailable, READ_EVERY_MS } from './issuer-keys';

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
}

/** Keys with two halves only: with one that is shared, whoever can verify a token could make one. */
const ALGORITHMS = ['EdDSA', 'Ed25519', 'ES256', 'PS256', 'RS256'];
/** Of two machines. */
const CLOCK_SKEW_SECONDS = 30;
/** Larger ones are no tokens of ours, and a header may be 16 KiB long. */
const MAX_LENGTH = 4_096;
/** Of all tokens that are remembered. */
const MAX_REMEMBERED_LENGTH = 16 * 1024 * 1024;

/** Of RFC 9068, and of issuers that follow no rule. */
const TYPES = [undefined, 'JWT', 'at+jwt', 'application/at+jwt'];
/** Issuers that give all their tokens one type in the header may say in a claim which one it is: Keycloak does. */
const TYPES_CLAIMED = [undefined, 'Bearer', 'at+jwt'];
/** What only other tokens of an issuer have: those that tell a client who signed in, or that somebody signed out. */
const CLAIMS_OF_OTHERS = ['nonce', 'at_hash', 'c_hash', 'events'];
/** How somebody signed in, which says nothing about a token that also says what it may be used for. */
const CLAIMS_WITH_SCOPE = ['auth_time', 'sid'];

/**
 * Verifies access tokens (RFC 9068, as far as issuers follow it): signature, issuer, audience and times. Those that are valid
 * are remembered for as long as a key is in use without being read again, so that a checkout costs no verification.
 * @param rolesClaim where the roles are in a token: `roles`, or `realm_access.roles`
 */
export function openTokens(options: {
  keys: JWTVerifyGetKey;
  issuer: string;
  audience: string;
  rolesClaim: string;
  rememberMs?: number;
}): Tokens {
  const { keys, issuer, audience, rolesClaim, rememberMs = READ_EVERY_MS } = options;
  const remembered = new LRUCache<string, Caller>({
    maxSize: MAX_REMEMBERED_LENGTH,
    sizeCalculation: (_, token) => token.length,
    ttl: rememberMs,
    ignoreFetchAbort: true,
    async fetchMethod(token, _stale, { options }) {
      const { caller, expiresAt } = await read(token);
      options.ttl = Math.max(Math.min(rememberMs, expiresAt - Date.now()), 1);
      return caller;
    },
  });

  async function read(token: string): Promise<{ caller: Caller; expiresAt: number }> {
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_SKEW_SECONDS,
      requiredClaims: ['sub', 'exp'],
    }).catch(explain);
    if (!isAccessToken(payload, protectedHeader)) {
      throw new InvalidToken('it is no access token');
    }
    const { data } = id.safeParse(payload.sub);
    if (data === undefined) {
      throw new InvalidToken('its subject cannot be the id of a user');
    }
    return {
      caller: { subject: data, roles: rolesIn(payload, rolesClaim) },
      expiresAt: ((payload.exp as number) + CLOCK_SKEW_SECONDS) * 1_000,
    };
  }

  return {
    verify(token) {
      if (token.length > MAX_LENGTH) {
        throw new InvalidToken('it is too long');
      }
      return remembered.get(token) ?? (remembered.fetch(token) as Promise<Caller>);
    },
  };
}

function isAccessToken(payload: JWTPayload, { typ }: JWTVerifyResult['protectedHeader']): boolean {
  const hasNone = (claims: readonly string[]) => claims.every((claim) => payload[claim] === undefined);
  return (
    TYPES.includes(typ) &&
    TYPES_CLAIMED.includes(payload.typ as string | undefined) &&
    hasNone(CLAIMS_OF_OTHERS) &&
    (hasNone(CLAIMS_WITH_SCOPE) || !hasNone(['scope', 'scp']))
  );
}

/** A name with dots may be one claim, or lead into several. */
function rolesIn(payload: JWTPayload, claim: string): readonly string[] {
  const nested = claim
    .split('.')
    .reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], payload);
  return z
    .array(z.string())
    .catch([])
    .parse(payload[claim] ?? nested);
}

/** Why jose refuses a token, in words of ours. */
function explain(error: unknown): never {
  if (error instanceof errors.JWTExpired) {
    throw new InvalidToken('it has expired, so sign in again');
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    throw new InvalidToken(`its claim "${error.claim}" is not as it must be`);
  }
  if (error instanceof errors.JOSEError) {
    throw new InvalidToken('it was not signed by the issuer that this shop trusts');
  }
  // A key that cannot be used, for instance, says nothing about the token.
  throw error instanceof IssuerUnavailable
    ? error
    : new IssuerUnavailable('the token cannot be verified', { cause: error });
}
