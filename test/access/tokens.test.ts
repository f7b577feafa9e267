import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import { IssuerUnavailable } from '../../shared/access/issuer-keys';
import { InvalidToken } from '../../shared/access/tokens';
import { AUDIENCE, type Issuer, openIssuer, openVerifier } from '../support/issuer';

let issuer: Issuer;
let verifier: ReturnType<typeof openVerifier>;
beforeEach(async () => {
  issuer = await openIssuer();
  verifier = openVerifier(issuer);
});
afterEach(async () => {
  verifier.stop();
  await issuer.close();
});

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const usualClaims = () => ({ iss: issuer.url, aud: AUDIENCE, sub: 'user-1', exp: inSeconds(60) });
const refusal = async (token: string) =>
  Promise.resolve()
    .then(() => verifier.verify(token))
    .catch((error) => error);

test('a token says whose it is, and which roles that is', async () => {
  expect(await verifier.verify(await issuer.token('user-1'))).toEqual({ subject: 'user-1', roles: [] });
  const staff = await issuer.token('user-2', { roles: ['shopkeeper'] });
  expect(await verifier.verify(staff)).toEqual({ subject: 'user-2', roles: ['shopkeeper'] });
});

test.each([
  ['realm_access.roles', { realm_access: { roles: ['operator'] } }],
  ['https://shop.example/roles', { 'https://shop.example/roles': ['operator'] }],
])('roles are found where the issuer puts them: %s', async (rolesClaim, claims) => {
  const other = openVerifier(issuer, { rolesClaim });
  expect(await other.verify(await issuer.token('user-1', claims))).toMatchObject({ roles: ['operator'] });
  other.stop();
});

test('an access token may say how somebody signed in, and that it is one', async () => {
  const claims = { typ: 'Bearer', auth_time: inSeconds(-5), sid: 's', scope: 'openid' };
  expect(await verifier.verify(await issuer.token('user-1', claims))).toMatchObject({ subject: 'user-1' });
});

test('roles that are no list of texts are none', async () => {
  for (const roles of ['operator', { operator: true }, [{ name: 'operator' }], null, 1]) {
    expect(await verifier.verify(await issuer.token('user-1', { roles }))).toMatchObject({ roles: [] });
  }
});

describe('a token is refused', () => {
  const cases: Record<string, () => Promise<string>> = {
    'that is none': async () => 'token',
    'that is empty': async () => '',
    'that has expired': () => issuer.token('user-1', { exp: inSeconds(-31) }),
    'that expires never': () => issuer.token('user-1', { exp: undefined }),
    'that is for later': () => issuer.token('user-1', { nbf: inSeconds(60) }),
    'that is for others': () => issuer.token('user-1', { aud: 'another-shop' }),
    'that is for nobody': () => issuer.token('user-1', { aud: undefined }),
    'of another issuer': () => issuer.token('user-1', { iss: 'https://accounts.example.com' }),
    'of no issuer': () => issuer.token('user-1', { iss: undefined }),
    'without a subject': () => issuer.token('user-1', { sub: undefined }),
    'whose subject cannot be a user': () => issuer.token('../user-1'),
    'that tells a client who signed in': () => issuer.token('user-1', { nonce: 'n', at_hash: 'h' }),
    'that says how somebody signed in, and not what it is for': () =>
      issuer.token('user-1', { auth_time: inSeconds(-5) }),
    'that calls itself an ID token': () => issuer.token('user-1', { typ: 'ID', scope: 'openid' }),
    'that calls itself a refresh token': () => issuer.token('user-1', { typ: 'Refresh', scope: 'openid' }),
    'that says that somebody signed out': () => issuer.token('user-1', { events: {} }),
    'whose subject is empty': () => issuer.token(''),
    'that is too long': () => issuer.token('user-1', { more: 'x'.repeat(4_000) }),
    'that nobody signed': async () => `${base64({ alg: 'none' })}.${base64(usualClaims())}.`,
    'that names the key and is not signed with it': async () => {
      const { privateKey } = await generateKeyPair('ES256');
      const { kid = '' } = issuer.keys[0] as JWK;
      return new SignJWT(usualClaims()).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey);
    },
    'that brings its own key': async () => {
      const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
      const header = { alg: 'ES256', jwk: await exportJWK(publicKey) };
      return new SignJWT(usualClaims()).setProtectedHeader(header).sign(privateKey);
    },
    'that names an address for its key': async () => {
      const { privateKey } = await generateKeyPair('ES256');
      const header = { alg: 'ES256', kid: 'mine', jku: 'http://127.0.0.1:9/jwks' };
      return new SignJWT(usualClaims()).setProtectedHeader(header).sign(privateKey);
    },
    'that uses the public key as a secret': async () => {
      const [jwk] = issuer.keys as JWK[];
      const secret = await exportSPKI((await importJWK(jwk as JWK, 'ES256')) as CryptoKey);
      const text = `${base64({ alg: 'HS256', kid: jwk?.kid })}.${base64(usualClaims())}`;
      return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
    },
    'that was changed after it was signed': async () => {
      const [header, , signature] = (await issuer.token('user-1')).split('.');
      return `${header}.${base64({ ...usualClaims(), roles: ['operator'] })}.${signature}`;
    },
    'that demands what we do not know': async () => {
      const token = await issuer.token('user-1');
      const [, claims, signature] = token.split('.');
      return `${base64({ alg: 'ES256', crit: ['exp'], exp: 1 })}.${claims}.${signature}`;
    },
  };
  test.each(Object.entries(cases))('%s', async (_, make) => {
    const error = await refusal(await make());
    expect(error).toBeInstanceOf(InvalidToken);
    // What is in a token must not get into a log or an answer.
    expect(error.message).toMatch(/^its? [a-z", ]+$/);
  });
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('a token is verified once, and no longer valid when it has expired', async () => {
  // What is said to expire in half a second has 30 seconds more, because clocks differ.
  await pause(1_050 - (Date.now() % 1_000));
  const token = await issuer.token('user-1', { exp: inSeconds(-28) });
  await verifier.verify(token);
  expect(verifier.verify(token)).toEqual({ subject: 'user-1', roles: [] });
  await pause(2_500);
  expect(await refusal(token)).toBeInstanceOf(InvalidToken);
});

test('requests that come together with a new token share its verification', async () => {
  const token = await issuer.token('user-1');
  const answers = Array.from({ length: 10 }, () => verifier.verify(token));
  expect(await Promise.all(answers)).toEqual(Array(10).fill({ subject: 'user-1', roles: [] }));
});

test('a new key is used as soon as a token names it, and the earlier one goes on', async () => {
  await verifier.verify(await issuer.token('user-1'));
  const before = await issuer.token('user-2');
  await issuer.rotate();
  await pause(1_100);
  expect(await verifier.verify(await issuer.token('user-3'))).toMatchObject({ subject: 'user-3' });
  expect(await verifier.verify(before)).toMatchObject({ subject: 'user-2' });
});

test('a key that was withdrawn is no longer accepted once the keys were read again, whoever was let in with it', async () => {
  const frequent = openVerifier(issuer, { readEveryMs: 200 });
  const token = await issuer.token('user-1');
  expect(await frequent.verify(token)).toMatchObject({ subject: 'user-1' });
  await issuer.rotate({ withdraw: true });
  await pause(500);
  await expect(Promise.resolve(frequent.verify(token))).rejects.toBeInstanceOf(InvalidToken);
  frequent.stop();
});

describe('tokens of made-up keys', () => {
  const madeUp = async (kid: string) => {
    const { privateKey } = await generateKeyPair('ES256');
    return new SignJWT(usualClaims()).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey);
  };

  test.each([false, true])(
    'make nobody ask the issuer more than once a second, when that it is away is %s',
    async (isAway) => {
      await verifier.verify(await issuer.token('user-1'));
      issuer.isAway = isAway;
      await pause(1_100);
      const before = issuer.reads();
      const tokens = await Promise.all(Array.from({ length: 50 }, (_, n) => madeUp(`key-${n}`)));
      for (const token of tokens) {
        expect(await refusal(token)).toBeInstanceOf(isAway ? IssuerUnavailable : InvalidToken);
      }
      expect(issuer.reads() - before).toBeLessThanOrEqual(2);
    },
  );

  test('do not keep others from being let in while the issuer says nothing', async () => {
    const good = await issuer.token('user-1');
    await verifier.verify(good);
    const silence = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silence, 'listening');
    issuer.says = { jwks_uri: `http://127.0.0.1:${(silence.address() as AddressInfo).port}/` };
    await pause(1_100);
    const tokens = await Promise.all(Array.from({ length: 100 }, (_, n) => madeUp(`key-${n}`)));
    const refusals = tokens.map(refusal);
    const soon = await Promise.all(refusals.map((one) => Promise.race([one, pause(500)])));
    expect(soon.filter((error) => error !== undefined)).toHaveLength(50);
    expect(await verifier.verify(await issuer.token('user-2'))).toMatchObject({ subject: 'user-2' });
    expect((await Promise.all(refusals)).every((error) => error instanceof IssuerUnavailable)).toBe(true);
    silence.closeAllConnections();
    silence.close();
  });
});

test('while the issuer is away, known keys go on, and nobody is told that a token is not valid', async () => {
  await verifier.verify(await issuer.token('user-1'));
  issuer.isAway = true;
  expect(await verifier.verify(await issuer.token('user-2'))).toMatchObject({ subject: 'user-2' });
  const late = openVerifier(issuer);
  const token = await issuer.token('user-3');
  await expect(Promise.resolve(late.verify(token))).rejects.toBeInstanceOf(IssuerUnavailable);
  await expect(late.ready()).rejects.toBeInstanceOf(IssuerUnavailable);
  issuer.isAway = false;
  while (
    !(await late.ready().then(
      () => true,
      () => false,
    ))
  ) {
    await pause(50);
  }
  expect(await late.verify(token)).toMatchObject({ subject: 'user-3' });
  issuer.isAway = true;
  await late.ready();
  late.stop();
});

test.each([
  ['is about another issuer', { issuer: 'https://accounts.example.com' }],
  ['names no keys', { jwks_uri: undefined }],
  ['names keys in a file', { jwks_uri: 'file:///etc/passwd' }],
])('a discovery document that %s is not believed', async (_, says) => {
  issuer.says = says;
  const other = openVerifier(issuer);
  await expect(Promise.resolve(other.verify(await issuer.token('user-1')))).rejects.toBeInstanceOf(
    IssuerUnavailable,
  );
  other.stop();
});

test('keys may be read at another address than the issuer’s, which tokens still have to name', async () => {
  const name = 'https://shop.example/account';
  const other = openVerifier({ url: name }, { keysUrl: `${issuer.url}/jwks` });
  expect(await other.verify(await issuer.token('user-1', { iss: name }))).toMatchObject({
    subject: 'user-1',
  });
  await expect(Promise.resolve(other.verify(await issuer.token('user-1')))).rejects.toBeInstanceOf(
    InvalidToken,
  );
  other.stop();
});
