import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** An issuer of tokens, as far as services ask it. */
export interface Issuer {
  readonly url: string;
  token(subject: string, roles?: readonly string[]): Promise<string>;
  close(): void;
}

const ALGORITHM = 'EdDSA';

export async function openIssuer(): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM);
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'bench', alg: ALGORITHM }];
  const server = createServer((request, response) => {
    const isDiscovery = request.url?.endsWith('/openid-configuration');
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(isDiscovery ? { issuer: url, jwks_uri: `${url}/jwks` } : { keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    token: (subject, roles = []) =>
      new SignJWT({ roles })
        .setProtectedHeader({ alg: ALGORITHM, kid: 'bench' })
        .setIssuer(url)
        .setAudience('chandlery')
        .setSubject(subject)
        .setIssuedAt()
        .setExpirationTime('1 day')
        .sign(privateKey),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
