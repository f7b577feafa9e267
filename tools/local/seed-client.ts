import { setTimeout as sleep } from 'node:timers/promises';

interface Post {
  readonly body?: unknown;
  /** What makes the request the same as an earlier one. */
  readonly key?: string;
}

/** Sends the requests of one person to a shop that has just started. */
export interface SeedClient {
  /** Resolves with the id of whoever that is. */
  logIn(email: string, password: string): Promise<string>;
  get<T>(path: string): Promise<T>;
  post<T>(path: string, post?: Post): Promise<T>;
}

const ATTEMPTS = 20;
const PAUSE_MS = 500;

/**
 * A busy machine makes a service that has just started refuse some requests: they are sent again.
 * @param keys what all keys begin with
 */
export function openSeedClient(url: string, keys: string): SeedClient {
  let token: string | undefined;

  async function send<T>(method: string, path: string, { body, key }: Post = {}, bearer = token): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const answer = await fetch(url + path, {
        method,
        headers: {
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...(key !== undefined && { 'Idempotency-Key': `${keys}-${key}` }),
          ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (answer.status === 200 || (answer.status === 202 && !path.includes('/checkout/'))) {
        return JSON.parse(text) as T;
      }
      if (![202, 429, 503].includes(answer.status) || attempt >= ATTEMPTS) {
        throw new Error(
          `The shop could not be filled: ${method} ${path} was answered ${answer.status} ${text}`,
        );
      }
      await sleep(PAUSE_MS);
    }
  }

  return {
    get: (path) => send('GET', path),
    post: (path, post) => send('POST', path, post),
    async logIn(email, password) {
      const body = { email, password };
      const entered = await send<{ session: string; access_token: string }>('POST', '/account/login', {
        body,
      });
      token = entered.access_token;
      const me = await send<{ user_id: string }>('GET', '/account/me', {}, entered.session);
      return me.user_id;
    },
  };
}
