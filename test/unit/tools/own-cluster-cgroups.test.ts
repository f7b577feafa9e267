import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  inGroups,
  makeGroups,
  rememberControllers,
  removeGroups,
  restoreControllers,
  whyNoGroups,
} from '../../cluster/own/cgroups';
import { cgroup } from '../../cluster/own/places';

/** The cgroups of a cluster of our own, below a folder that looks like /sys/fs/cgroup. */

let mount: string;
let record: string;
beforeEach(() => {
  mount = mkdtempSync(join(tmpdir(), 'chandlery-cgroup-'));
  record = `${mount}.controllers`;
});
afterEach(() => {
  rmSync(mount, { recursive: true, force: true });
  rmSync(record, { force: true });
});

function write(files: Record<string, string>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(mount, dirname(file)), { recursive: true });
    writeFileSync(join(mount, file), text);
  }
}
const read = (file: string) => readFileSync(join(mount, file), 'utf8');

const version2 = { 'cgroup.controllers': 'cpu memory misc', 'cgroup.subtree_control': '' };
const inContainer = { ...version2, 'cgroup.type': 'domain', 'cgroup.procs': '1\n27\n' };

test.each([
  ['no cgroups', {}, '--privileged'],
  ['version 1', { 'cpu/tasks': '', 'memory/tasks': '' }, undefined],
  ['version 2', { ...version2, 'cgroup.procs': '1\n27\n' }, undefined],
  ['version 2 in a container that has processes in its root', inContainer, '--cgroupns=host'],
  [
    'the same, with all that is needed',
    { ...inContainer, 'cgroup.subtree_control': 'memory cpu' },
    undefined,
  ],
  ['version 2 in a container with an empty root', { ...inContainer, 'cgroup.procs': '' }, undefined],
])('says before anything is built whether a node can have cgroups: %s', (_, files, expected) => {
  write(files);
  if (expected === undefined) {
    expect(whyNoGroups(mount)).toBeUndefined();
  } else {
    expect(whyNoGroups(mount)).toContain(expected);
  }
});

test('a node has a cgroup in each hierarchy of version 1, with the processors of the one above', () => {
  const group = `${cgroup}/n1/programs`;
  write({ 'cpuset/cpuset.cpus': '0-1\n', [`cpuset/${cgroup}/cpuset.cpus`]: '', 'memory/tasks': '' });
  mkdirSync(join(mount, 'unified'));
  expect(makeGroups('n1', mount, record)).toEqual(
    ['cpuset', 'memory'].map((name) => join(mount, name, group, 'cgroup.procs')),
  );
  expect(read(`cpuset/${cgroup}/cpuset.cpus`)).toBe('0-1');
  expect(existsSync(join(mount, 'unified', cgroup))).toBe(false);
  expect(existsSync(record)).toBe(false);
});

test('with version 2, a node gets the controllers that it needs', () => {
  write({ ...version2, 'cgroup.subtree_control': 'cpu' });
  expect(makeGroups('n1', mount, record)).toEqual([join(mount, cgroup, 'n1/programs/cgroup.procs')]);
  expect(read('cgroup.subtree_control')).toBe('+memory');
});

test('the machine passes on as many controllers as before the cluster, also when a killed run comes between', () => {
  write({ ...version2, 'cgroup.subtree_control': 'cpu' });
  rememberControllers(mount, record);
  write({ 'cgroup.subtree_control': 'cpu memory' });
  rememberControllers(mount, record);
  restoreControllers(mount, record);
  expect(read('cgroup.subtree_control')).toBe('-memory');
  write({ 'cgroup.subtree_control': 'cpu memory' });
  restoreControllers(mount, record);
  expect(read('cgroup.subtree_control')).toBe('cpu memory');
});

test('the end of a cgroup is the end of every process in it, and of none of another process namespace', async () => {
  const left = spawn('sleep', ['60'], { stdio: 'ignore' });
  const procs = `memory/${cgroup}/test/programs/cgroup.procs`;
  write({ [procs]: `0\n${left.pid}\n` });
  // The kernel removes the files of a cgroup with it.
  left.once('exit', () => rmSync(join(mount, procs)));
  const [[, signal]] = await Promise.all([once(left, 'exit'), removeGroups(cgroup, mount)]);
  expect(signal).toBe('SIGKILL');
  expect(existsSync(join(mount, 'memory', cgroup))).toBe(false);
});

test('a program is in its cgroups before it starts, with its own arguments', () => {
  write({ a: '', b: '' });
  const files = ['a', 'b'].map((name) => join(mount, name));
  const [command, args] = inGroups(files, 'printf', ['%s|', '--', 'x y']);
  expect(spawnSync(command, args, { encoding: 'utf8' }).stdout).toBe('--|x y|');
  expect(files.map((file) => readFileSync(file, 'utf8'))).toEqual(['0\n', '0\n']);
  const [denied, rest] = inGroups([join(mount, 'missing/procs')], 'echo', ['started']);
  expect(spawnSync(denied, rest, { encoding: 'utf8' })).toMatchObject({ stdout: '' });
});
