import { problem, Refusal, unavailable } from '../http/problem';
import type { Route } from '../http/route';
import type { Caller, Role } from './caller';
import { IssuerUnavailable } from './issuer-keys';
import { InvalidToken, type Tokens } from './tokens';

/** What a caller may do with a route. */
export interface Permit {
  /** The only user whose things the request may be about; undefined if it may be anybody's. */
  readonly onlyOf: string | undefined;
  /** The subject of the token; undefined if nobody was asked for one. */
  readonly subject: string | undefined;
}

/** What everybody may do where access is open, and whoever calls a route that is public. */
export const ANYBODY: Permit = { onlyOf: undefined, subject: undefined };

export interface Access {
  /**
   * Decides whether a request may be sent to a route. A promise only if the token was not seen lately.
   * @throws Refusal with 401, 403 or 503
   */
  admit(route: Route, authorization: string | undefined): Permit | Promise<Permit>;
}

/** Requires a token for every route that is not public. */
export function requireTokens(tokens: Pick<Tokens, 'verify'>): Access {
  return {
    admit(route, authorization) {
      if (route.audience === 'public') {
        return ANYBODY;
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
}

/** RFC 6750, section 2.1. Tokens in a query or a form end up in logs. */
function bearerToken(authorization: string | undefined): string {
  const token = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(authorization ?? '')?.[1];
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
  return { subject, onlyOf: isForOthers ? undefined : subject };
}

const OPERATOR: readonly Role[] = ['operator'];

const mayActForBuyers = ({ forBuyers }: Route): readonly string[] =>
  forBuyers === undefined ? OPERATOR : [...OPERATOR, forBuyers];

function refuse(error: unknown): never {
  if (error instanceof InvalidToken) {
    const detail = `The token is not valid: ${error.message}. Sign in again.`;
    throw unauthenticated('invalid_token', detail, 'Bearer error="invalid_token"');
  }
  if (error instanceof IssuerUnavailable) {
    throw new Refusal(
      unavailable(
        'The token cannot be checked right now. Nothing was changed. Repeat the request in a moment.',
      ),
    );
  }
  throw error;
}

function unauthenticated(reason: string, detail: string, challenge: string): Refusal {
  return new Refusal(problem(401, { reason, detail, headers: { 'WWW-Authenticate': challenge } }));
}
