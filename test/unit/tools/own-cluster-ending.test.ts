import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../../shared/root';
import { startOf } from '../../../tools/support/process';
import { nodeSettings } from '../../cluster/own/node-settings';
import { nodeOf } from '../../cluster/own/places';
import { rememberFolders, removeTraces } from '../../images/engine/traces';

/** How a cluster of our own ends, and what of it may be left. */

const chandlery = mkdtempSync(join(tmpdir(), 'chandlery-ending-'));
const home = join(chandlery, 'cluster');
const started: ChildProcess[] = [];

/** The modules look for the folder of the cluster when they are loaded. */
jest.resetModules();
function load<T extends object>(file: string): T {
  process.env.CHANDLERY_HOME = chandlery;
  try {
    return jest.requireActual<T>(file);
  } finally {
    delete process.env.CHANDLERY_HOME;
  }
}
const { cleanUp, makeTemporary } = load<typeof import('../../cluster/own/leftovers')>(
  '../../cluster/own/leftovers',
);
const { inSession, Interrupted } =
  load<typeof import('../../cluster/own/session')>('../../cluster/own/session');

afterEach(() => {
  for (const program of started.splice(0)) {
    program.kill('SIGKILL');
  }
  rmSync(home, { recursive: true, force: true });
});
afterAll(() => rmSync(chandlery, { recursive: true }));

/** Starts a program that is recorded in a file, as a killed run leaves it. */
function left(file: string): ChildProcess {
  const program = spawn('sleep', ['60'], { stdio: 'ignore', detached: true });
  started.push(program);
  const { pid = 0 } = program;
  mkdirSync(join(home, 'running'), { recursive: true });
  writeFileSync(join(home, file), JSON.stringify({ pid, startedAt: startOf(pid), stopSignal: 'SIGTERM' }));
  return program;
}

test('what a killed run has left is ended and removed, with the temporary files of its build', async () => {
  const program = left('running/etcd.json');
  const temporary = makeTemporary();
  writeFileSync(join(temporary, 'file'), '');
  const [names] = await Promise.all([cleanUp(false), once(program, 'exit')]);
  expect(names).toEqual(['etcd']);
  expect(existsSync(temporary)).toBe(false);
  expect(existsSync(home)).toBe(false);
});

test('nothing is removed while another process of this clone has the lock', async () => {
  left('start.lock');
  const program = left('running/etcd.json');
  await expect(cleanUp(false)).rejects.toThrow('already running');
  expect(program.exitCode).toBeNull();
  expect(readdirSync(home).sort()).toEqual(['running', 'start.lock']);
});

test('the lock is held until the last file has been removed', async () => {
  const held: boolean[] = [];
  const look = () => held.push(existsSync(join(home, 'start.lock')));
  await inSession(
    () => {},
    async ({ atEnd }) => {
      look();
      atEnd(async () => void look());
      return 0;
    },
  );
  expect(held).toEqual([true, true]);
  expect(existsSync(home)).toBe(false);
});

describe('an error while the cluster ends', () => {
  const ending = (work: () => number) => {
    const said: string[] = [];
    const atEnds: string[] = [];
    const result = inSession(
      (text) => said.push(text),
      async ({ atEnd }) => {
        mkdirSync(join(home, 'log'));
        atEnd(async () => void atEnds.push('first'));
        atEnd(() => Promise.reject(new Error('no space')));
        return work();
      },
    );
    return { result, said, atEnds };
  };

  test('hides no earlier one, keeps nothing else from being ended, and says where the logs are', async () => {
    const { result, said, atEnds } = ending(() => {
      throw new Error('etcd has ended');
    });
    await expect(result).rejects.toThrow('etcd has ended');
    expect(said.join('\n')).toContain('no space');
    expect(said.at(-1)).toContain(join(home, 'log'));
    expect(atEnds).toEqual(['first']);
    expect(readdirSync(home)).toEqual(['log']);
  });

  test('is an error when there was none before', async () => {
    await expect(ending(() => 0).result).rejects.toThrow('no space');
    await expect(ending(() => 3).result).resolves.toBe(3);
    const interrupted = ending(() => {
      throw new Interrupted('Ctrl-C');
    });
    await expect(interrupted.result).rejects.toThrow('no space');
  });
});

test('a node ends, and says why, when one of its programs has ended before the others were started', () => {
  const script = readFileSync(join(root, 'test/cluster/own/node.sh'), 'utf8');
  const [keep] = /^trap .*\n(?:.*\n)*?}$/m.exec(script) ?? [];
  const LOGS = mkdtempSync(join(tmpdir(), 'chandlery-node-'));
  const programs = 'fails() { echo "bad option"; return 3; }; lasts() { exec sleep 15; }';
  const started = 'keep fails; sleep 0.5; keep lasts; wait';
  try {
    const options = { env: { ...process.env, LOGS }, encoding: 'utf8' } as const;
    const began = Date.now();
    const end = "trap 'kill $(jobs -p) 2>/dev/null' EXIT";
    const { status, stdout } = spawnSync(
      'bash',
      ['-euo', 'pipefail', '-c', [end, programs, keep, started].join('\n')],
      options,
    );
    expect(stdout).toContain('fails has ended');
    expect(stdout).toContain('bad option');
    expect(status).not.toBe(0);
    expect(Date.now() - began).toBeLessThan(10_000);
  } finally {
    rmSync(LOGS, { recursive: true });
  }
});

test('the containerd of a node leaves no AppArmor profile in the kernel of the machine', () => {
  expect(nodeSettings(nodeOf(1, 'ipv4'))['containerd.toml']).toContain('disable_apparmor = true\n');
});

test('what an engine makes in the folders of the machine is found by the next start, and nothing else is removed', () => {
  const record = join(chandlery, 'traces');
  rememberFolders(record);
  const absent = JSON.parse(readFileSync(record, 'utf8')) as string[];
  expect(absent.filter((folder) => existsSync(folder))).toEqual([]);
  const [ours, theirs] = [join(chandlery, 'ours'), join(chandlery, 'theirs')];
  mkdirSync(join(ours, 'plugins'), { recursive: true });
  mkdirSync(theirs);
  writeFileSync(join(theirs, 'file'), '');
  writeFileSync(record, JSON.stringify([ours, theirs]));
  removeTraces(record);
  removeTraces(record);
  expect(existsSync(ours)).toBe(false);
  expect(existsSync(join(theirs, 'file'))).toBe(true);
});
