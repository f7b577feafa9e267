import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import * as z from 'zod';
import type { Logger } from '../observe/log';
import { repeat } from '../service/loop';

/** The issuer of tokens does not say which keys it signs with. `cause` says why. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable';
}

export interface IssuerKeys {
  /** @throws IssuerUnavailable, or an error of jose if the issuer has no key for the token */
  readonly find: JWTVerifyGetKey;
  stop(): Promise<void>;
}

const WITHIN_MS = 2_000;
/** A key that was withdrawn is not trusted for longer. */
const RELOAD_EVERY_MS = 60_000;
/** Whoever makes up ids of keys makes nobody ask the issuer more often. */
const ASK_AGAIN_AFTER_MS = 5_000;

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });

/**
 * Finds the keys of an OpenID Connect issuer through its discovery document (OpenID Connect Discovery 1.0, section 4). Keys
 * that were loaded once stay in use while the issuer is away: nobody who is signed in must notice.
 * @param onChanged called when the keys are others than before
 */
export function openIssuerKeys(options: { issuer: string; onChanged(): void; log: Logger }): IssuerKeys {
  const { issuer, onChanged, log } = options;
  let opening: Promise<ReturnType<typeof createRemoteJWKSet>> | undefined;
  let known: string | undefined;

  async function open() {
    const { issuer: named, jwks_uri } = discovery.parse(await fetchJson(documentOf(issuer)));
    if (named !== issuer) {
      throw new Error(`${documentOf(issuer)} is about another issuer, "${named}"`);
    }
    return createRemoteJWKSet(new URL(jwks_uri), {
      timeoutDuration: WITHIN_MS,
      cooldownDuration: ASK_AGAIN_AFTER_MS,
      cacheMaxAge: Number.POSITIVE_INFINITY,
    });
  }

  /** Concurrent calls share one attempt. */
  function opened() {
    opening ??= open().catch((cause) => {
      opening = undefined;
      throw cause;
    });
    return opening;
  }

  async function reload(): Promise<void> {
    const keys = await opened();
    await keys.reload();
    const now = JSON.stringify(keys.jwks());
    if (known !== undefined && known !== now) {
      onChanged();
    }
    known = now;
  }

  const loop = repeat(RELOAD_EVERY_MS, reload, (error) =>
    log.warn(
      { err: error },
      'cannot read the keys of the issuer of tokens; those that are known stay in use',
    ),
  );
  // So that the first request need not wait for it.
  void opened()
    .then(reload)
    .catch(() => {});

  return {
    async find(header, token) {
      try {
        return await (await opened())(header, token);
      } catch (error) {
        throw isAboutToken(error)
          ? error
          : new IssuerUnavailable('the issuer of tokens does not say which keys it has', { cause: error });
      }
    },
    stop: () => loop.stop(),
  };
}

const documentOf = (issuer: string) => `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;

async function fetchJson(url: string): Promise<unknown> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(WITHIN_MS), redirect: 'error' });
  if (!answer.ok) {
    throw new Error(`${url} was answered with ${answer.status}`);
  }
  return answer.json();
}

/** Whether the token names no key of the issuer, or one that is not for it. */
function isAboutToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}
