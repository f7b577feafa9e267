import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { stopLeftovers } from '../../../tools/support/process';
import { processesOf } from '../../support/processes';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chandlery-killed-'));
  // PostgreSQL may have to run as another user.
  chmodSync(folder, 0o755);
});
afterEach(() => {
  for (const pid of processesOf(folder)) {
    process.kill(Number(pid), 'SIGKILL');
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

test('all that a killed run has left behind is recorded where the next run looks', async () => {
  const run = spawn(process.execPath, ['dist/tools/chaos/main.js', '--restores', 'none'], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed: string[] = [];
  for await (const line of createInterface(run.stdout)) {
    printed.push(line);
    if (line.includes('buyers and injecting faults')) {
      run.kill('SIGKILL');
    }
  }
  expect([run.signalCode ?? (await once(run, 'exit'))[1], printed]).toEqual(['SIGKILL', expect.anything()]);
  const [home = ''] = readdirSync(folder).filter((name) => name.startsWith('chandlery-chaos-'));
  expect(processesOf(folder)).not.toEqual([]);
  const stopped = await stopLeftovers(join(folder, home, 'running'));
  const some = ['order-1', 'gateway', 'epmd', 'rabbitmq-chandlery-1', 'postgres-order-1', 'postgres-order-2'];
  expect(stopped).toEqual(expect.arrayContaining(some));
  expect(processesOf(folder)).toEqual([]);
}, 300_000);
