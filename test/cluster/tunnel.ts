import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Agent } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createProxyServer } from 'http-proxy-3';
import { type Kube, NAMESPACE } from './kube';

export interface Tunnel {
  /** A plain HTTP address on this machine. Requests go on to the cluster's gateway over TLS. */
  url: string;
  close(): void;
}

const OWNER = 'gateway.envoyproxy.io/owning-gateway';
const ANSWER_WITHIN_MS = 60_000;
/** Each waiting buyer needs one. */
const MAX_CONNECTIONS = 100;

/**
 * @param kubectl the program
 * @throws Error when the gateway is not there, or kubectl cannot be started
 */
export async function openTunnel(kube: Kube, kubectl = 'kubectl'): Promise<Tunnel> {
  const { core, context } = kube;
  const host = await kube.gatewayHost();
  const labelSelector = `${OWNER}-name=chandlery,${OWNER}-namespace=${NAMESPACE}`;
  const [service] = (await core.listServiceForAllNamespaces({ labelSelector })).items;
  if (!service) {
    throw new Error('The Gateway "chandlery" has no Service: check that the Envoy Gateway controller runs.');
  }
  const secret = await core.readNamespacedSecret({ namespace: NAMESPACE, name: 'chandlery-tls' });
  const ca = Buffer.from(secret.data?.['tls.crt'] ?? '', 'base64').toString();
  const forwarded = [
    '--namespace',
    service.metadata?.namespace ?? '',
    `service/${service.metadata?.name}`,
    ':443',
  ];

  let closed = false;
  let port = 0;
  let forward: ChildProcess | undefined;
  // A port-forward leads to one pod of the gateway and ends with that pod, so it is started again.
  const keepForwarding = async () => {
    for (; !closed; await sleep(500)) {
      forward = spawn(kubectl, ['--context', context, 'port-forward', ...forwarded], {
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
  let failure: unknown;
  keepForwarding().catch((error) => {
    failure = error;
  });
  while (port === 0) {
    if (failure !== undefined) {
      throw failure;
    }
    await sleep(100);
  }

  // A port-forward carries few new connections a second, and drops the others: a connection serves many requests.
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_CONNECTIONS });
  const proxy = createProxyServer({ agent, headers: { host }, proxyTimeout: ANSWER_WITHIN_MS });
  const server = createServer((request, response) => {
    const target = { protocol: 'https:', host: '127.0.0.1', port, ca, servername: host };
    // On an error, the client gets no answer, as with any connection that breaks.
    proxy.web(request, response, { target }, () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      closed = true;
      forward?.kill();
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}
