import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ended, runProgram } from '../../support/run-program';

/** Checks how every npm script that takes arguments handles them. */
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const commands = [
  'start',
  'demo',
  'reset',
  'migrate',
  'audit',
  'deadletters',
  'sagas',
  'chaos',
  'simulate',
  'bench',
  'cluster',
];

/** If a command does something after all, this protects the data of this checkout. */
const home = mkdtempSync(join(tmpdir(), 'chandlery-command-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Runs the compiled program of a script, without the setup before it. */
function run(name: string, ...args: string[]): Promise<Ended> {
  const program = /dist\/\S+\.js/.exec(scripts[name] ?? '')?.[0] ?? 'none';
  return runProgram(program, args, { PATH: process.env.PATH, CHANDLERY_HOME: home });
}

test.each(commands)('npm run %s prints its usage on request', async (name) => {
  for (const flag of ['--help', '-h']) {
    const { status, stdout, stderr } = await run(name, flag);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: npm (run )?${name}\\b`));
  }
});

test.each(commands)(
  'npm run %s refuses arguments that it does not understand, with the reason and its usage',
  async (name) => {
    for (const wrong of ['--no-such-option', 'nothing', '--no-such-option=1']) {
      const { status, stdout, stderr } = await run(name, wrong);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toMatch(
        new RegExp(`^.*(no-such-option|nothing|Name the service).*\\n\\nUsage: npm (run )?${name}\\b`),
      );
    }
  },
);

test.each([
  ['start', '--port', '80', '--port must be a whole number from 1024 to 64000, not "80".'],
  ['start', '--replicas', '10', '--replicas must be'],
  ['start', '--order', '0', '--order must be'],
  ['audit', '--age', 'old', '--age must be'],
  ['simulate', '--sagas', '0', '--sagas must be'],
  ['simulate', '--seed', '1e3', '--seed must be'],
])('npm run %s refuses %s %s before it does anything', async (name, option, value, reason) => {
  const { status, stderr } = await run(name, option, value);
  expect(status).toBe(2);
  expect(stderr).toContain(reason);
});

test('npm run cluster names everything that the machine lacks, and changes nothing', async () => {
  const program = /dist\/\S+\.js/.exec(scripts.cluster ?? '')?.[0] ?? 'none';
  const env = { PATH: home, XDG_CACHE_HOME: join(home, 'cache'), CHANDLERY_HOME: join(home, 'cluster-test') };
  for (const command of ['up', 'build']) {
    const { status, stderr } = await runProgram(program, [command], env);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^Nothing was changed/);
    expect(stderr).toContain('nsenter');
  }
  expect(readdirSync(home).filter((name) => name.startsWith('c'))).toEqual([]);
});

test('npm run cluster says when there is no cluster to look at', async () => {
  for (const args of [['status'], ['run', 'kubectl', 'get', 'pods', '--help']]) {
    const { status, stdout, stderr } = await run('cluster', ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('npm run cluster -- up');
  }
});
