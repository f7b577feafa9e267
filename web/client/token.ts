import { noteHost } from './served-by';

/**
 * The token that says to the services who asks. It is kept in memory only, and made anew of the session, which is in a cookie
 * that scripts cannot read.
 */

interface Token {
  readonly text: string;
  readonly usableUntil: number;
}

/** A token that is about to expire might do so on its way. */
const RENEW_BEFORE_MS = 30_000;

let token: Token | undefined;
let renewal: Promise<Token | undefined> | undefined;

export function setToken({ access_token, expires_in }: { access_token: string; expires_in: number }): Token {
  token = { text: access_token, usableUntil: Date.now() + expires_in * 1000 - RENEW_BEFORE_MS };
  return token;
}

export function forgetToken(): void {
  token = undefined;
}

/** Returns a token, or undefined if the session has ended. However many ask, one request renews it. */
export async function currentToken(): Promise<string | undefined> {
  if (token === undefined || token.usableUntil < Date.now()) {
    renewal ??= renew().finally(() => {
      renewal = undefined;
    });
    return (await renewal)?.text;
  }
  return token.text;
}

/** @throws TypeError if there is no answer */
async function renew(): Promise<Token | undefined> {
  const response = await fetch('/account/token', { method: 'POST', signal: AbortSignal.timeout(20_000) });
  noteHost(response);
  if (response.ok) {
    return setToken(await response.json());
  }
  if (response.status === 401) {
    return undefined;
  }
  throw new TypeError(`the token could not be renewed: ${response.status}`);
}
