import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createProxyServer } from 'http-proxy-3';
import { type Kube, NAMESPACE } from './kube';

export interface Door {
  /** Plain HTTP on this machine, which leads through the cluster's gateway, and is TLS from here to there. */
  url: string;
  close(): void;
}

const OWNER = 'gateway.envoyproxy.io/owning-gateway';
const ANSWER_WITHIN_MS = 60_000;

export async function openDoor(kube: Kube): Promise<Door> {
  const { core, context } = kube;
  const host = await kube.host();
  const labelSelector = `${OWNER}-name=chandlery,${OWNER}-namespace=${NAMESPACE}`;
  const [service] = (await core.listServiceForAllNamespaces({ labelSelector })).items;
  if (!service) {
    throw new Error('No Service belongs to the Gateway chandlery.');
  }
  const secret = await core.readNamespacedSecret({ namespace: NAMESPACE, name: 'chandlery-tls' });
  const ca = Buffer.from(secret.data?.['tls.crt'] ?? '', 'base64').toString();
  const target = [
    '--namespace',
    service.metadata?.namespace ?? '',
    `service/${service.metadata?.name}`,
    ':443',
  ];

  let closed = false;
  let port = 0;
  let forward: ChildProcess | undefined;
  // A forward leads to one pod of the gateway and ends with it, so that another takes its place.
  const keepForwarding = async () => {
    for (; !closed; await sleep(500)) {
      forward = spawn('kubectl', ['--context', context, 'port-forward', ...target], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      if (forward.stdout === null) {
        throw new Error('kubectl has no output.');
      }
      createInterface(forward.stdout).on('line', (line) => {
        port = Number(/^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? port);
      });
      await once(forward, 'exit');
    }
  };
  void keepForwarding();
  while (port === 0) {
    await sleep(100);
  }

  const proxy = createProxyServer({ headers: { host }, proxyTimeout: ANSWER_WITHIN_MS });
  const server = createServer((request, response) => {
    const to = { protocol: 'https:', host: '127.0.0.1', port, ca, servername: host };
    // Whoever asked has no answer, as behind any connection that breaks.
    proxy.web(request, response, { target: to }, () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      closed = true;
      forward?.kill();
      server.close();
      server.closeAllConnections();
    },
  };
}
