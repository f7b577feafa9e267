import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { type IssuerKeys, openIssuerKeys } from '../../shared/access/issuer-keys';
import { openTokens, type Tokens } from '../../shared/access/tokens';
import { silent } from './silent';

const ALGORITHM = 'ES256';
export const AUDIENCE = 'chandlery';

/** An OpenID Connect issuer, as far as somebody who only verifies tokens can tell. */
export interface Issuer {
  readonly url: string;
  /** How often it was asked for its keys. */
  readonly reads: () => number;
  /** Signs a token of a user for a minute, with these claims in place of the usual ones; undefined leaves one out. */
  token(subject: string, claims?: Record<string, unknown>): Promise<string>;
  /** Signs with a new key from now on. The others are withdrawn, if they shall be. */
  rotate(options?: { withdraw: boolean }): Promise<void>;
  /** The public keys that it shows. */
  readonly keys: readonly JWK[];
  /** Whether it does not answer. */
  isAway: boolean;
  /** What its discovery document says instead of what it should. */
  says: Record<string, unknown>;
  close(): Promise<void>;
}

export async function openIssuer(): Promise<Issuer> {
  let reads = 0;
  let signing: { kid: string; privateKey: CryptoKey };
  const keys: JWK[] = [];
  const server = createServer((request, response) => {
    const isDiscovery = request.url === '/.well-known/openid-configuration';
    reads += isDiscovery ? 1 : 0;
    if (issuer.isAway) {
      response.destroy();
      return;
    }
    response.setHeader('Content-Type', 'application/json');
    const document = { issuer: url, jwks_uri: `${url}/jwks`, ...issuer.says };
    response.end(JSON.stringify(isDiscovery ? document : { keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer: Issuer = {
    url,
    keys,
    isAway: false,
    says: {},
    reads: () => reads,
    token: (subject, claims = {}) =>
      new SignJWT({
        iss: url,
        aud: AUDIENCE,
        sub: subject,
        exp: Math.floor(Date.now() / 1_000) + 60,
        ...claims,
      })
        .setProtectedHeader({ alg: ALGORITHM, kid: signing.kid })
        .sign(signing.privateKey),
    async rotate({ withdraw } = { withdraw: false }) {
      if (withdraw) {
        keys.length = 0;
      }
      const kid = `key-${crypto.randomUUID()}`;
      const { privateKey, publicKey } = await generateKeyPair(ALGORITHM, { extractable: true });
      keys.push({ ...(await exportJWK(publicKey)), kid, alg: ALGORITHM, use: 'sig' });
      signing = { kid, privateKey };
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await issuer.rotate();
  return issuer;
}

/** What a service does with an issuer's tokens. */
export function openVerifier(
  { url }: Pick<Issuer, 'url'>,
  {
    rolesClaim = 'roles',
    readEveryMs,
    keysUrl,
  }: { rolesClaim?: string; readEveryMs?: number; keysUrl?: string } = {},
): Tokens & Pick<IssuerKeys, 'ready' | 'stop'> {
  const every = readEveryMs === undefined ? {} : { readEveryMs, rememberMs: readEveryMs };
  const { find, ready, stop } = openIssuerKeys({ issuer: url, keysUrl, log: silent, ...every });
  return {
    ...openTokens({ keys: find, issuer: url, audience: AUDIENCE, rolesClaim, ...every }),
    ready,
    stop,
  };
}
