import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../../shared/root';
import { portsFrom } from '../../../tools/support/layout';
import { stopLeftovers } from '../../../tools/support/process';
import { ApiClient } from '../../support/api-client';
import { until } from '../../support/until';
import { freeGatewayPort, type ShopRun, startShopRun } from './shop-run';

/** Runs what `npm run dev` starts in a copy of the checkout, so that a test can change its sources. */
const work = mkdtempSync(join(tmpdir(), 'chandlery-dev-'));
const [home, checkout] = [join(work, 'home'), join(work, 'checkout')];
let run: ShopRun;
let port = 0;

beforeAll(async () => {
  chmodSync(work, 0o755);
  const others = ['.git', '.chandlery', 'node_modules', 'coverage'].map((name) => join(root, name));
  // The files keep their dates. By them setup sees that the copy is compiled.
  cpSync(root, checkout, {
    recursive: true,
    preserveTimestamps: true,
    filter: (path) => !others.includes(path),
  });
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
  port = await freeGatewayPort(26_000);
  run = startShopRun({ home, port, checkout }, '--watch');
  await run.says('Watching the sources');
});
afterAll(async () => {
  run?.process.kill('SIGKILL');
  await stopLeftovers(join(home, 'running'));
  rmSync(work, { recursive: true, force: true });
});

/** Changes a source of the copy and waits for a message about it. */
async function change(path: string, from: string, to: string, says: string): Promise<void> {
  const file = join(checkout, path);
  const text = readFileSync(file, 'utf8');
  expect(text).toContain(from);
  const before = run.printed().length;
  writeFileSync(file, text.replace(from, to));
  await until(() => run.printed().slice(before).includes(says));
}

const pidOf = (program: string): number =>
  JSON.parse(readFileSync(join(home, 'running', `${program}.json`), 'utf8')).pid;

async function checkOut(): Promise<number> {
  const shop = [`http://127.0.0.1:${port}`];
  const api = new ApiClient(() => shop);
  try {
    const [user, item] = [await api.user(10), await api.item(2, 5)];
    return (await api.checkout(await api.order(user, { [item]: 1 }))).status;
  } finally {
    await api.close();
  }
}

/** Returns whether stock serves an API description that contains these words. */
async function stockSays(words: string): Promise<boolean> {
  const url = `http://127.0.0.1:${portsFrom(port).service('stock', 0)}/openapi.json`;
  const document = await fetch(url).then(
    (answer) => answer.text(),
    () => '',
  );
  return document.includes(words);
}

const source = 'stock/src/http/find-item.ts';

test('a change is compiled, and the program that runs it is restarted', async () => {
  const [stock, payment, gateway] = ['stock', 'payment', 'gateway'].map(pidOf);
  await change(source, 'Read the price', 'Look up the price', 'Compiled. Restarting stock …');
  await until(() => stockSays('Look up the price'));
  expect(pidOf('stock')).not.toBe(stock);
  expect([pidOf('payment'), pidOf('gateway')]).toEqual([payment, gateway]);
  expect(await checkOut()).toBe(200);
});

test('a compile error is shown, and the shop keeps running', async () => {
  const stock = pidOf('stock');
  await change(source, 'status: 200', 'status: wrong', 'The sources do not compile');
  expect(run.printed()).toMatch(new RegExp(`${source}.*error TS`));
  expect(pidOf('stock')).toBe(stock);
  expect(await checkOut()).toBe(200);
  await change(source, 'status: wrong', 'status: 200', 'Compiled. No running program uses the change.');
});

test('a program that cannot start is started after its source is fixed', async () => {
  await change(source, 'export function', "throw new Error('not yet');\nexport function", 'Restarting stock');
  await run.says('stock ended unexpectedly');
  await change(source, "throw new Error('not yet');\n", '', 'Restarting stock');
  await until(() => stockSays('Look up the price'));
  expect(await checkOut()).toBe(200);
});

test('Ctrl-C stops everything', async () => {
  run.process.kill('SIGINT');
  expect(await run.ended).toBe(0);
});
