import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createProxyServer } from 'http-proxy-3';
import { until } from '../support/until';
import { Refused } from './calls';
import { Rehearsal } from './rehearsal';
import { openShopFront, type ShopFront } from './shop-front';

/** The trial checkout through a port-forward to a gateway, which presents the certificate that the script has made. */

const KUBECTLS_REASON = 'error: unable to forward port because pod is not running. Current status=Pending';

let shop: ShopFront;
let rehearsal: Rehearsal;
const proxy = createProxyServer();
const gateway = createServer((request, response) =>
  proxy.web(request, response, { target: shop.url }, () => response.destroy()),
);

beforeAll(async () => {
  shop = await openShopFront();
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  gateway.close();
  gateway.closeAllConnections();
  await shop?.close();
});
beforeEach(async () => {
  rehearsal = await Rehearsal.begin();
});
afterEach(() => rehearsal.end());

/** Leads to the gateway, from the attempt with this number on. */
function forwardFrom(attempt: number): void {
  let attempts = 0;
  rehearsal.cluster.forwardPort = () => {
    if (++attempts < attempt) {
      throw new Refused(KUBECTLS_REASON);
    }
    const tls = rehearsal.secret('chandlery-tls');
    gateway.setSecureContext({ key: tls['tls.key'], cert: tls['tls.crt'] });
    return (gateway.address() as AddressInfo).port;
  };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Expects a paid checkout after so many port-forwards, and none of them to run any more. */
async function expectPaid(forwards: number): Promise<void> {
  const { status, output } = await rehearsal.run('laptop');
  expect([status, output]).toEqual([0, expect.stringContaining('is paid')]);
  expect(rehearsal.forwards).toHaveLength(forwards);
  expect(rehearsal.forwards.filter(isRunning)).toEqual([]);
}

test('checks out once a pod of the gateway runs, and leaves no port-forward behind', async () => {
  forwardFrom(3);
  await expectPaid(1);
});

test('starts the port-forward again when it has ended with its pod', async () => {
  forwardFrom(1);
  const { forwardPort } = rehearsal.cluster;
  let attempts = 0;
  rehearsal.cluster.forwardPort = () => {
    const port = forwardPort();
    if (++attempts === 1) {
      // The first one is accepted, ends before it has carried anything, and another program has its port by then.
      void until(() => rehearsal.forwards.length > 0).then(() =>
        process.kill(rehearsal.forwards[0] as number, 'SIGKILL'),
      );
      return 1;
    }
    return port;
  };
  await expectPaid(2);
});

test('goes straight through the port-forward on a machine that reaches the internet through a proxy', async () => {
  forwardFrom(1);
  rehearsal.shortenTimeouts();
  for (const name of ['https_proxy', 'HTTPS_PROXY']) {
    rehearsal.env[name] = 'http://127.0.0.1:1';
  }
  await expectPaid(1);
});

test('gives up a port-forward that does not begin, and tries another one', async () => {
  rehearsal.shortenTimeouts();
  rehearsal.silenceForward();
  forwardFrom(1);
  await expectPaid(2);
});

test('says why no port-forward begins, when its patience ends', async () => {
  rehearsal.shortenTimeouts();
  const { status, output } = await rehearsal.run('laptop');
  expect(status).toBe(1);
  expect(output).toContain('The gateway does not reach the shop');
  expect(output).toContain(KUBECTLS_REASON);
  expect(rehearsal.forwards).toEqual([]);
});
