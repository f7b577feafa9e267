import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Agent, request } from 'undici';
import { balanceOver } from '../cluster/balancer';
import { forwardTo } from '../cluster/forwarding';
import type { Endpoint } from '../cluster/gateway';
import type { Kube } from '../cluster/kube';
import { openWayIn, type WayIn } from '../cluster/way-in';
import { until } from '../support/until';
import { program } from './programs';

/** The ways from the simulated buyers to a cluster's gateway. Its pods are servers here, and kubectl is a script. */

const HOST = 'chandlery.localhost';
const AT_ONCE = 16;
const folder = mkdtempSync(join(tmpdir(), 'chandlery-way-in-'));
const agent = new Agent({ connections: AT_ONCE });
let tls: Tls;

beforeAll(async () => {
  tls = await selfSigned();
});
afterAll(async () => {
  await agent.close();
  rmSync(folder, { recursive: true });
});

test('a port-forward carries many requests on few connections, which is all that it can do', async () => {
  const pod = await startPod();
  const script = `#!/bin/sh\necho 'Forwarding from 127.0.0.1:${pod.endpoint.port} -> 10443'\nexec sleep 300\n`;
  const kubectl = join(folder, 'kubectl');
  writeFileSync(kubectl, script);
  chmodSync(kubectl, 0o755);
  const kube = fakeKube();
  const wayIn = await openWayIn(kube, (options) => forwardTo(kube, options, { kubectl }));
  try {
    expect(await ask(wayIn, 1_000)).toBe(1_000);
    expect(pod.seen.connections).toBeLessThanOrEqual(AT_ONCE);
    expect([...pod.seen.hosts]).toEqual([HOST]);
  } finally {
    wayIn.close();
    await pod.stop();
  }
});

test('says that kubectl cannot be started', async () => {
  const kube = fakeKube();
  const opened = openWayIn(kube, (options) => forwardTo(kube, options, { kubectl: '/nowhere/kubectl' }));
  await expect(opened).rejects.toThrow('/nowhere/kubectl');
});

test('says why kubectl opens no port, and waits no longer than it may', async () => {
  const kubectl = join(folder, 'forbidden');
  writeFileSync(kubectl, '#!/bin/sh\necho "pods is forbidden" >&2\nexit 1\n');
  chmodSync(kubectl, 0o755);
  const opened = openWayIn(fakeKube(), (options) =>
    forwardTo(fakeKube(), options, { kubectl, withinMs: 1_000 }),
  );
  await expect(opened).rejects.toThrow('pods is forbidden');
});

test('idle connections are closed from here, so that no request meets one that the gateway is closing', async () => {
  const pod = await startPod();
  const wayIn = await openWayIn(fakeKube(), (options) => balanceOver(async () => [pod.endpoint], options), {
    idleMs: 200,
  });
  try {
    expect(await ask(wayIn, 100)).toBe(100);
    await until(() => pod.seen.closed === pod.seen.connections);
    expect(await ask(wayIn, 100)).toBe(100);
  } finally {
    wayIn.close();
    await pod.stop();
  }
});

test('says why requests were lost on their way, and how many', async () => {
  const said: string[] = [];
  const open = async () => ({ next: () => undefined, close: () => {} });
  const wayIn = await openWayIn(fakeKube(), open, { say: (text) => void said.push(text) });
  try {
    const asked = Array.from({ length: 5 }, () => request(wayIn.url, { method: 'POST', dispatcher: agent }));
    const answers = await Promise.allSettled(asked);
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
    await until(() => said.length > 0);
    expect(said).toEqual(['lost 5 requests on their way: the gateway has no pod']);
  } finally {
    wayIn.close();
  }
});

test('a pod that ends in order loses no request: new ones go to the others as soon as it is not ready', async () => {
  const pods = await Promise.all([startPod(), startPod()]);
  const [first, second] = pods as [Pod, Pod];
  let ready = [first, second];
  const wayIn = await openWayIn(fakeKube(), (options) =>
    balanceOver(async () => ready.map(({ endpoint }) => endpoint), options),
  );
  try {
    expect(await ask(wayIn, 100)).toBe(100);
    expect(Math.min(first.seen.requests, second.seen.requests)).toBeGreaterThan(0);
    ready = [second];
    await sleep(1_500);
    const before = first.seen.requests;
    expect(await ask(wayIn, 100)).toBe(100);
    expect(first.seen.requests).toBe(before);
  } finally {
    wayIn.close();
    await Promise.all(pods.map(({ stop }) => stop()));
  }
});

test("a buyer's connection stays with its pod while that can be used", async () => {
  const pods = await Promise.all([startPod(), startPod()]);
  const wayIn = await openWayIn(fakeKube(), (options) =>
    balanceOver(async () => pods.map(({ endpoint }) => endpoint), options),
  );
  const buyer = new Agent({ connections: 1 });
  try {
    expect(await ask(wayIn, 20, buyer)).toBe(20);
    expect(pods.map(({ seen }) => seen.requests).sort()).toEqual([0, 20]);
  } finally {
    await buyer.close();
    wayIn.close();
    await Promise.all(pods.map(({ stop }) => stop()));
  }
});

test('goes round a pod that accepts no connection, though the cluster calls it ready, and goes back to it', async () => {
  const pods = await Promise.all([startPod(), startPod()]);
  const [lost, other] = pods as [Pod, Pod];
  const wayIn = await openWayIn(fakeKube(), (options) =>
    balanceOver(async () => pods.map(({ endpoint }) => endpoint), options),
  );
  try {
    await lost.stop();
    await sleep(3_000);
    expect(await ask(wayIn, 100)).toBe(100);
    const back = await startPod(lost.endpoint.port);
    await sleep(1_500);
    // Connections that went elsewhere stay there.
    const newcomers = new Agent({ connections: AT_ONCE });
    expect(await ask(wayIn, 100, newcomers)).toBe(100);
    expect(back.seen.requests).toBeGreaterThan(0);
    await newcomers.close();
    await back.stop();
  } finally {
    wayIn.close();
    await other.stop();
  }
});

test('a pod that answers is not called lost, though nobody gets a new connection to it', async () => {
  const [busy, other] = await Promise.all([startPod(0, tls, 300), startPod(0, tls, 300)]);
  const said: string[] = [];
  const wayIn = await openWayIn(fakeKube(), (options) =>
    balanceOver(
      async () => [busy.endpoint, other.endpoint],
      options,
      (text) => void said.push(text),
    ),
  );
  try {
    const answered = ask(wayIn, 300);
    await sleep(200);
    busy.refuse();
    expect(await answered).toBe(300);
    expect(said).toEqual([]);
  } finally {
    wayIn.close();
    await Promise.all([busy, other].map((pod) => pod.stop()));
  }
});

test('asks the only pod again that missed its connections, because the machine may have been too busy', async () => {
  const pod = await startPod();
  const wayIn = await openWayIn(fakeKube(), (options) => balanceOver(async () => [pod.endpoint], options));
  try {
    await pod.stop();
    await sleep(3_000);
    const back = await startPod(pod.endpoint.port);
    expect(await ask(wayIn, 16)).toBe(16);
    await back.stop();
  } finally {
    wayIn.close();
  }
});

test('trusts a certificate that an authority has issued, though only its own chain is known', async () => {
  const issued = await issuedByAuthority();
  const pod = await startPod(0, issued);
  const wayIn = await openWayIn(fakeKube(issued.cert), (options) =>
    balanceOver(async () => [pod.endpoint], options),
  );
  try {
    expect(await ask(wayIn, 10)).toBe(10);
  } finally {
    wayIn.close();
    await pod.stop();
  }
});

interface Pod {
  readonly endpoint: Endpoint;
  readonly seen: { connections: number; closed: number; requests: number; hosts: Set<string | undefined> };
  /** Accepts no more connections, and goes on with those that there are. */
  refuse(): void;
  stop(): Promise<void>;
}

async function startPod(port = 0, certificate = tls, answersAfterMs = 0): Promise<Pod> {
  const seen: Pod['seen'] = { connections: 0, closed: 0, requests: 0, hosts: new Set() };
  const server: Server = createServer(certificate, (incoming, response) => {
    seen.requests++;
    seen.hosts.add(incoming.headers.host);
    setTimeout(() => response.end('{}'), answersAfterMs);
  }).on('secureConnection', (socket) => {
    seen.connections++;
    socket.on('close', () => seen.closed++);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    endpoint: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    seen,
    // That of http would end connections as well.
    refuse: () => void NetServer.prototype.close.call(server),
    stop,
  };
}

/** Sends requests from several buyers, and returns how many were answered. */
async function ask({ url }: WayIn, count: number, dispatcher = agent): Promise<number> {
  let sent = 0;
  let answered = 0;
  const buyer = async () => {
    while (sent++ < count) {
      const { statusCode, body } = await request(url, { method: 'POST', dispatcher });
      await body.dump();
      answered += Number(statusCode === 200);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, buyer));
  return answered;
}

function fakeKube(cert = tls.cert): Kube {
  const metadata = { namespace: 'envoy-gateway-system', name: 'envoy-chandlery' };
  const gateway = {
    host: async () => HOST,
    certificate: async () => cert,
    service: async () => ({ metadata }),
  };
  return { context: 'none', gateway } as unknown as Kube;
}

interface Tls {
  readonly key: string;
  readonly cert: string;
}

const selfSigned = () => newCertificate('tls', HOST);

/** A certificate whose authority is in no list, like the first one of a cluster that has an authority of its own. */
async function issuedByAuthority(): Promise<Tls> {
  await newCertificate('authority', 'authority');
  const [cert, key] = [join(folder, 'authority.crt'), join(folder, 'authority.key')];
  return newCertificate('issued', HOST, ['-CA', cert, '-CAkey', key]);
}

async function newCertificate(name: string, host: string, issuer: readonly string[] = []): Promise<Tls> {
  const openssl = await program('openssl', 3);
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  const flags = ['-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', `/CN=${host}`, ...issuer];
  const files = ['-addext', `subjectAltName=DNS:${host}`, '-keyout', key, '-out', cert];
  execFileSync(openssl.file, ['req', '-x509', ...flags, ...files], {
    env: { ...process.env, ...openssl.env },
    stdio: 'ignore',
  });
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}
