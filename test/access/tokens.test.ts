import { createHmac } from 'node:crypto';
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
  await verifier.stop();
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

test('roles are found where the issuer puts them', async () => {
  const other = openVerifier(issuer, 'realm_access.roles');
  const token = await issuer.token('user-1', { realm_access: { roles: ['operator'] } });
  expect(await other.verify(token)).toEqual({ subject: 'user-1', roles: ['operator'] });
  await other.stop();
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
    expect(error.message).toMatch(/^it[s]? [a-z" ]+$/);
  });
});

test('a token is verified once, and no longer valid when it has expired', async () => {
  const token = await issuer.token('user-1', { exp: inSeconds(-29) });
  expect(verifier.verify(token)).toBeInstanceOf(Promise);
  await verifier.verify(token);
  expect(verifier.verify(token)).toEqual({ subject: 'user-1', roles: [] });
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(await refusal(token)).toBeInstanceOf(InvalidToken);
});

test('a new key is used as soon as a token names it, and the earlier one goes on', async () => {
  const before = await issuer.token('user-1');
  await verifier.verify(before);
  await issuer.rotate();
  // The issuer was asked a moment ago, and is not asked again at once.
  const after = await issuer.token('user-2');
  while ((await refusal(after)) instanceof InvalidToken) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(await verifier.verify(after)).toMatchObject({ subject: 'user-2' });
  verifier.forget();
  expect(await verifier.verify(before)).toMatchObject({ subject: 'user-1' });
});

test('tokens of made-up keys do not make anybody ask the issuer again and again', async () => {
  await verifier.verify(await issuer.token('user-1'));
  const before = issuer.reads();
  const { privateKey } = await generateKeyPair('ES256');
  for (let n = 0; n < 50; n++) {
    const header = { alg: 'ES256', kid: `key-${n}` };
    await refusal(await new SignJWT(usualClaims()).setProtectedHeader(header).sign(privateKey));
  }
  expect(issuer.reads() - before).toBeLessThanOrEqual(1);
});

test('while the issuer is away, known keys go on, and nobody is told that a token is not valid', async () => {
  await verifier.verify(await issuer.token('user-1'));
  issuer.isAway = true;
  expect(await verifier.verify(await issuer.token('user-2'))).toMatchObject({ subject: 'user-2' });
  const late = openVerifier(issuer);
  const token = await issuer.token('user-3');
  await expect(Promise.resolve(late.verify(token))).rejects.toBeInstanceOf(IssuerUnavailable);
  issuer.isAway = false;
  expect(await late.verify(token)).toMatchObject({ subject: 'user-3' });
  await late.stop();
});
