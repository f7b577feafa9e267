import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Agent, request } from 'undici';
import type { Kube } from '../cluster/kube';
import { openTunnel } from '../cluster/tunnel';
import { program } from './programs';

/** The way from the simulated buyers to a cluster's gateway. The gateway is a server here, and kubectl a script. */

const HOST = 'chandlery.localhost';
const REQUESTS = 1_000;
const AT_ONCE = 16;

test('carries many requests on few connections, which is all that a port-forward can do', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chandlery-tunnel-'));
  const { key, cert } = await selfSigned(folder);
  let connections = 0;
  const hosts = new Set<string | undefined>();
  const gateway = createServer({ key, cert }, (incoming, response) => {
    hosts.add(incoming.headers.host);
    response.end('{}');
  }).on('secureConnection', () => connections++);
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  const { port } = gateway.address() as AddressInfo;
  const script = `#!/bin/sh\necho 'Forwarding from 127.0.0.1:${port} -> 10443'\nexec sleep 300\n`;
  writeFileSync(join(folder, 'kubectl'), script);
  chmodSync(join(folder, 'kubectl'), 0o755);
  const service = { metadata: { namespace: 'envoy-gateway-system', name: 'envoy-chandlery' } };
  const kube = {
    context: 'none',
    gatewayHost: async () => HOST,
    core: {
      listServiceForAllNamespaces: async () => ({ items: [service] }),
      readNamespacedSecret: async () => ({ data: { 'tls.crt': Buffer.from(cert).toString('base64') } }),
    },
  } as unknown as Kube;
  const tunnel = await openTunnel(kube, join(folder, 'kubectl'));
  const agent = new Agent({ connections: AT_ONCE });
  try {
    let sent = 0;
    const buyer = async () => {
      while (sent++ < REQUESTS) {
        const answer = await request(tunnel.url, { method: 'POST', dispatcher: agent });
        expect(answer.statusCode).toBe(200);
        await answer.body.dump();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, buyer));
    expect(connections).toBeLessThanOrEqual(AT_ONCE);
    expect([...hosts]).toEqual([HOST]);
  } finally {
    await agent.close();
    tunnel.close();
    gateway.close();
    gateway.closeAllConnections();
    rmSync(folder, { recursive: true });
  }
});

test('says that kubectl cannot be started', async () => {
  const kube = {
    gatewayHost: async () => HOST,
    core: {
      listServiceForAllNamespaces: async () => ({ items: [{ metadata: {} }] }),
      readNamespacedSecret: async () => ({}),
    },
  } as unknown as Kube;
  await expect(openTunnel(kube, '/nowhere/kubectl')).rejects.toThrow('/nowhere/kubectl');
});

async function selfSigned(folder: string): Promise<{ key: string; cert: string }> {
  const openssl = await program('openssl', 3);
  const [key, cert] = [join(folder, 'tls.key'), join(folder, 'tls.crt')];
  const flags = ['-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', `/CN=${HOST}`];
  const files = ['-addext', `subjectAltName=DNS:${HOST}`, '-keyout', key, '-out', cert];
  execFileSync(openssl.file, ['req', '-x509', ...flags, ...files], {
    env: { ...process.env, ...openssl.env },
    stdio: 'ignore',
  });
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}
