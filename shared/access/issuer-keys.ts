import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import * as z from 'zod';
import type { Logger } from '../observe/log';

/** The issuer of tokens does not say which keys it signs with. `cause` says why. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable';
}

export interface IssuerKeys {
  /** @throws IssuerUnavailable, or an error of jose if the issuer has no key for the token */
  readonly find: JWTVerifyGetKey;
  /** @throws IssuerUnavailable until the keys were read once */
  ready(): Promise<void>;
  stop(): void;
}

const WITHIN_MS = 2_000;
/** How often the keys are read, and so how long a key that was withdrawn stays in use. */
export const READ_EVERY_MS = 60_000;
/** The pause after any attempt: whoever makes up ids of keys makes nobody ask the issuer more often. */
const PAUSE_MS = 1_000;
/** The issuer may be starting at the same time. */
const SILENT_MS = 5_000;
/** Requests whose token names an unknown key. They must not take all the room while the issuer does not answer. */
const MAX_WAITING = 50;

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });
const keySet = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

/**
 * Reads the keys of an OpenID Connect issuer, which are named in its discovery document (OpenID Connect Discovery 1.0,
 * section 4): at once, every minute, and when a token names a key that is not known. Keys that were read stay in use while
 * the issuer is away, because nobody who is signed in must notice.
 */
export function openIssuerKeys(options: {
  issuer: string;
  /** Where the keys are, for a network in which the issuer is not reached at the address that it is known by. */
  keysUrl?: string | undefined;
  log: Logger;
  readEveryMs?: number;
}): IssuerKeys {
  const { issuer, keysUrl, log, readEveryMs = READ_EVERY_MS } = options;
  let known: JWTVerifyGetKey | undefined;
  let failure: unknown;
  let failingSince = 0;
  let hasSaid = false;
  let endedAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  let waiting = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  /** Never rejects: `failure` says how it went. Concurrent calls share one attempt. */
  function read(): Promise<void> {
    clearTimeout(timer);
    reading ??= fetchKeys(issuer, keysUrl)
      .then(
        (keys) => {
          if (hasSaid) {
            log.info('the keys of the issuer of tokens can be read again');
          }
          [known, failure, hasSaid] = [keys, undefined, false];
        },
        (error) => {
          failingSince = failure === undefined ? performance.now() : failingSince;
          if (!hasSaid && performance.now() - failingSince >= SILENT_MS) {
            hasSaid = true;
            log.warn(
              { err: error },
              'cannot read the keys of the issuer of tokens (see AUTH_ISSUER); trying again',
            );
          }
          failure = error;
        },
      )
      .finally(() => {
        endedAt = performance.now();
        reading = undefined;
        if (!stopped) {
          timer = setTimeout(read, failure === undefined ? readEveryMs : PAUSE_MS).unref();
        }
      });
    return reading;
  }

  /** @throws IssuerUnavailable when that is not possible now */
  async function readNow(): Promise<void> {
    if (reading === undefined && performance.now() - endedAt < PAUSE_MS) {
      return;
    }
    if (waiting >= MAX_WAITING) {
      throw unavailable();
    }
    waiting++;
    await read();
    waiting--;
  }

  function unavailable(): IssuerUnavailable {
    return new IssuerUnavailable('the keys of the issuer of tokens cannot be read', { cause: failure });
  }

  void read();
  return {
    async find(header, token) {
      try {
        if (known !== undefined) {
          return await known(header, token);
        }
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) {
          throw error;
        }
      }
      await readNow();
      if (known === undefined || failure !== undefined) {
        throw unavailable();
      }
      return known(header, token);
    },
    async ready() {
      if (known === undefined) {
        throw unavailable();
      }
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

async function fetchKeys(issuer: string, keysUrl: string | undefined): Promise<JWTVerifyGetKey> {
  // For both requests together.
  const signal = AbortSignal.timeout(WITHIN_MS);
  const url = keysUrl ?? (await findKeys(issuer, signal));
  return createLocalJWKSet(keySet.parse(await fetchJson(url, signal)));
}

async function findKeys(issuer: string, signal: AbortSignal): Promise<string> {
  const document = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const { issuer: named, jwks_uri } = discovery.parse(await fetchJson(document, signal));
  if (named !== issuer) {
    throw new Error(`${document} is about another issuer, "${named}"`);
  }
  // Whoever could change them on their way could sign for everybody.
  if (issuer.startsWith('https:') && !jwks_uri.startsWith('https:')) {
    throw new Error(`${document} names keys without TLS, ${jwks_uri}`);
  }
  return jwks_uri;
}

async function fetchJson(url: string, signal: AbortSignal): Promise<unknown> {
  const answer = await fetch(url, { signal, redirect: 'error' });
  if (!answer.ok) {
    throw new Error(`${url} was answered with ${answer.status}`);
  }
  return answer.json();
}
