import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../../shared/root';
import { isTaken } from '../../../tools/support/free-ports';
import { stopLeftovers } from '../../../tools/support/process';
import { ApiClient } from '../../support/api-client';
import { processesOf } from '../../support/processes';
import { runProgram } from '../../support/run-program';
import { until } from '../../support/until';
import { freeGatewayPort, type ShopRun, startShopRun } from './shop-run';

/** `npm start` itself, with its own data and its own ports. */
const home = mkdtempSync(join(tmpdir(), 'chandlery-start-'));
chmodSync(home, 0o755);
let port = 0;
beforeAll(async () => {
  port = await freeGatewayPort(20_000);
});
const running: ShopRun[] = [];
afterAll(async () => {
  for (const { process } of running) {
    process.kill('SIGKILL');
  }
  await stopLeftovers(join(home, 'running'));
  rmSync(home, { recursive: true, force: true });
});

function begin(...args: string[]): ShopRun {
  const run = startShopRun({ home, port }, ...args);
  running.push(run);
  return run;
}

function client(): ApiClient {
  const shop = [`http://127.0.0.1:${port}`];
  return new ApiClient(() => shop);
}

test('npm start opens a shop, keeps its data between runs, lets people log in, and leaves no process behind', async () => {
  const first = begin('--order', '2');
  await first.says('Chandlery is running');
  const api = client();
  const [user, item] = [await api.user(10), await api.item(2, 5)];
  expect((await api.checkout(await api.order(user, { [item]: 3 }))).status).toBe(200);
  const described = await fetch(`http://127.0.0.1:${port}/openapi.json`);
  expect(await described.json()).toHaveProperty(['paths', '/orders/checkout/{order_id}']);
  await api.close();

  const second = begin();
  expect(await second.ended).toBe(1);
  expect(second.printed()).toContain('already running from this folder');

  first.process.kill('SIGINT');
  expect(await first.ended).toBe(0);
  expect(first.printed()).toContain('Everything has stopped. The data is kept');
  expect(processesOf(home)).toEqual([]);
  expect(await isTaken(port)).toBe(false);

  const third = begin();
  await third.says('Chandlery is running');
  const again = client();
  expect([await again.credit(user), await again.stock(item)]).toEqual([4, 2]);
  await again.close();

  // A run that is killed cannot stop what it started; the next one does.
  third.process.kill('SIGKILL');
  await third.ended;
  const fourth = begin('--access', 'required');
  await fourth.says('Chandlery is running');
  expect(fourth.printed()).toContain('left behind');
  // Whoever pastes the commands that it prints registers, logs in and buys.
  await fourth.says('the data is kept.');
  const [, commands = ''] = /in this folder:\n(.+)\n\nPress Ctrl-C/s.exec(fourth.printed()) ?? [];
  const env = { ...process.env, CHANDLERY_HOME: home };
  const pasted = await promisify(execFile)('bash', ['-c', commands], { cwd: root, env });
  expect(pasted.stdout).toContain('"status":"PAID"');
  // As in production, its servers want TLS; the operators' commands know.
  expect(fourth.printed()).toMatch(/postgresql:.*sslmode=verify-full[\s\S]*amqps:/);
  const audit = await runProgram('dist/tools/audit/main.js', [], env);
  expect([audit.status, audit.stderr]).toEqual([0, '']);
  fourth.process.kill('SIGTERM');
  expect(await fourth.ended).toBe(0);
  expect(processesOf(home)).toEqual([]);

  // A run that is stopped before the shop is running stops in order what has started by then.
  const fifth = begin();
  const log = () => readFileSync(join(home, 'log/postgres.log'), 'utf8');
  await fifth.says('Starting PostgreSQL');
  await until(() => existsSync(join(home, 'log/postgres.log')) && log().includes('starting PostgreSQL'));
  fifth.process.kill('SIGINT');
  expect(await fifth.ended).toBe(0);
  expect(fifth.printed()).not.toContain('Chandlery is running');
  expect(fifth.printed()).toContain('Everything has stopped');
  expect(log()).toContain('database system is shut down');
  expect(processesOf(home)).toEqual([]);
}, 240_000);
