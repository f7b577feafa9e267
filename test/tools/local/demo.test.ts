import { freePorts } from '../../../tools/support/free-ports';
import { type Gateway, openGateway } from '../../support/gateway';
import { runProgram } from '../../support/run-program';
import { ShopProcesses } from '../../support/shop';

const demo = (args: readonly string[], env: Record<string, string> = {}) =>
  runProgram('dist/tools/demo/main.js', args, { PATH: process.env.PATH, ...env });

describe('with a running shop', () => {
  let shop: ShopProcesses;
  let gateway: Gateway;
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
