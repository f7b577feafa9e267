import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceName } from '../../../shared/services';
import { freePorts } from '../../../tools/support/free-ports';
import { ShopProcesses } from '../../support/shop';

interface Ended {
  status: number;
  stdout: string;
  stderr: string;
}

function demo(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const command = ['--enable-source-maps', 'dist/tools/demo/main.js', ...args];
    const options = { env: { PATH: process.env.PATH, ...env } };
    execFile(process.execPath, command, options, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

/** Opens a gateway in front of the shop's services. Resolves when requests reach all of them. */
async function openGateway(shop: ShopProcesses): Promise<{ url: string; close(): Promise<unknown> }> {
  const [port] = await freePorts(1);
  const urls = (service: ServiceName) => ({
    [`${service.toUpperCase()}_URLS`]: shop
      .of(service)
      .map((replica) => replica.url)
      .join(),
    [`${service.toUpperCase()}_INTERNAL_URLS`]: shop
      .of(service)
      .map((replica) => replica.internalUrl)
      .join(),
  });
  const gateway = spawn(process.execPath, ['dist/tools/gateway/main.js'], {
    stdio: 'ignore',
    env: { GATEWAY_PORT: String(port), ...urls('order'), ...urls('payment'), ...urls('stock') },
  });
  const exited = once(gateway, 'exit');
  const url = `http://127.0.0.1:${port}`;
  for (const path of ['/orders/find/none', '/payment/find_user/none', '/stock/find/none']) {
    const status = () =>
      fetch(url + path).then(
        (answer) => answer.status,
        () => undefined,
      );
    while ((await status()) !== 404) {
      await sleep(50);
    }
  }
  return {
    url,
    close() {
      gateway.kill('SIGTERM');
      return exited;
    },
  };
}

describe('with a running shop', () => {
  let shop: ShopProcesses;
  let gateway: Awaited<ReturnType<typeof openGateway>>;
  beforeAll(async () => {
    shop = await ShopProcesses.open();
    gateway = await openGateway(shop);
  });
  afterAll(async () => {
    await gateway?.close();
    await shop?.close();
  });

  test('every step goes as expected, and money and stock add up', async () => {
    const { status, stdout, stderr } = await demo(['--url', gateway.url]);
    expect(stderr).toBe('');
    expect(stdout).toContain('Money and stock add up.');
    for (const outcome of ['insufficient_credit', 'out_of_stock', /paid +150\n/]) {
      expect(stdout).toMatch(outcome);
    }
    expect(stdout).not.toContain('✗');
    expect(status).toBe(0);
    await shop.balances();
  });

  test('the output fits 100 columns, and has no control characters when it does not go to a terminal', async () => {
    const { stdout } = await demo([], { SHOP_URL: gateway.url, FORCE_COLOR: '1' });
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
    expect(stdout.match(/[^\P{Cc}\n]/gu)).toBeNull();
  });
});

test('without a shop, prints one line that says how to start one', async () => {
  const [port] = await freePorts(1);
  const { status, stdout, stderr } = await demo(['--url', `http://127.0.0.1:${port}`]);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^No shop answers at http:\S+ \(ECONNREFUSED\)\. Run "npm start" .*\n$/);
});

test.each([
  ['--url', 'nowhere'],
  ['--url', 'ftp://localhost'],
  ['--speed', '9'],
])('refuses an argument that it cannot use, and prints its usage: %s %s', async (...args) => {
  const { status, stderr } = await demo(args);
  expect(status).toBe(2);
  expect(stderr).toContain('Usage: npm run demo');
});
