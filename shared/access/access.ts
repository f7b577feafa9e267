import type { IncomingHttpHeaders } from 'node:http';
import { problem, Refusal, unavailable } from '../http/problem';
import type { Route } from '../http/route';
import type { Logger } from '../observe/log';
import { sparseLog } from '../observe/sparse-log';
import type { Caller, Role } from './caller';
import { FROM_ELSEWHERE, isFromElsewhere } from './cross-site';
import { IssuerUnavailable } from './issuer-keys';
import { InvalidToken, type Tokens } from './tokens';

/** What a caller may do with a route. */
export interface Permit {
  /** Who calls, if it may be about anybody's things and is not for everybody. */
  readonly staff: string | undefined;
  /** The only user whose things the request may be about; undefined if it may be anybody's. */
  readonly onlyOf: string | undefined;
  /** What the caller's idempotency keys begin with, so that no other caller has the same ones. */
  readonly keyPrefix: string;
}

export interface Access {
  /** Whether everybody may do everything. */
  readonly isOpen: boolean;
  /**
   * Decides whether a request may be sent to a route. A promise only if the token was not seen lately.
   * @throws Refusal with 401, 403 or 503
   */
  admit(route: Route, headers: IncomingHttpHeaders): Permit | Promise<Permit>;
}

const EVERYTHING: Permit = { staff: undefined, onlyOf: undefined, keyPrefix: '' };
/** A subject is not empty and has no slash, so these are the keys of nobody who is signed in. */
const WITHOUT_TOKEN: Permit = { staff: undefined, onlyOf: undefined, keyPrefix: '/' };

/**
 * Lets everybody in who reaches the shop: not whoever made a page that somebody looks at who reaches it.
 * @param origins of pages that are trusted besides the shop's own
 */
export function openTo(origins: readonly string[]): Access {
  return {
    isOpen: true,
    admit({ method }, headers) {
      if (method !== 'GET' && isFromElsewhere(headers, origins)) {
        throw new Refusal(problem(403, FROM_ELSEWHERE));
      }
      return EVERYTHING;
    },
  };
}

/** Open to everybody, and to no page but the shop's own. */
export const OPEN = openTo([]);

/** Requires a token for every route that is not public. */
export function requireTokens(tokens: Tokens, log: Logger): Access {
  const warn = sparseLog(log);
  return {
    isOpen: false,
    admit(route, { authorization }) {
      if (route.audience === 'public' || route.audience === 'session') {
        return WITHOUT_TOKEN;
      }
      const token = bearerToken(authorization);
      try {
        const caller = tokens.verify(token);
        return caller instanceof Promise
          ? caller.then((found) => permit(route, found), refuse)
          : permit(route, caller);
      } catch (error) {
        return refuse(error);
      }
    },
  };

  function refuse(error: unknown): never {
    if (error instanceof InvalidToken) {
      const detail = `The token is not valid: ${error.message}.`;
      throw unauthenticated('invalid_token', detail, 'Bearer error="invalid_token"');
    }
    if (error instanceof IssuerUnavailable) {
      warn('a token cannot be checked', { err: error });
      throw new Refusal(
        unavailable(
          'The token cannot be checked right now. Nothing was changed. Repeat the request in a moment.',
        ),
      );
    }
    throw error;
  }
}

/** Of RFC 6750, section 2.1, for a JSON Web Token. Tokens in a query or a form end up in logs. */
function bearerToken(authorization: string | undefined): string {
  const token = /^Bearer +([A-Za-z0-9._-]+) *$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) {
    const detail = 'This needs a token. Sign in, and send it as "Authorization: Bearer TOKEN".';
    throw unauthenticated('unauthenticated', detail, 'Bearer');
  }
  return token;
}

function permit(route: Route, { subject, roles }: Caller): Permit {
  const { audience } = route;
  if (audience !== 'buyer' && !roles.includes(audience)) {
    const detail = `This is only for those who have the role "${audience}".`;
    throw new Refusal(problem(403, { reason: 'forbidden', detail }));
  }
  const isForOthers = audience !== 'buyer' || roles.some((role) => mayActForBuyers(route).includes(role));
  const keyPrefix = `${subject}/`;
  return isForOthers
    ? { staff: subject, onlyOf: undefined, keyPrefix }
    : { staff: undefined, onlyOf: subject, keyPrefix };
}

const OPERATOR: readonly Role[] = ['operator'];

const mayActForBuyers = ({ forBuyers }: Route): readonly string[] =>
  forBuyers === undefined ? OPERATOR : [...OPERATOR, forBuyers];

function unauthenticated(reason: string, detail: string, challenge: string): Refusal {
  return new Refusal(problem(401, { reason, detail, headers: { 'WWW-Authenticate': challenge } }));
}
