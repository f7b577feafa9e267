import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cgroup, home } from './places';

/**
 * The cgroups of the cluster: one for all of it, in it one for each node, with the pods and with the node's own programs
 * in different ones. By them, whatever is left of a cluster is found and ended.
 */

const MOUNT = '/sys/fs/cgroup';
/** Which controllers the machine passed on before. */
const RECORD = join(home, 'controllers');
/** What kubelet insists on with v2, where they exist. */
const NEEDED = ['cpu', 'cpuset', 'hugetlb', 'io', 'memory', 'pids'];
const REMOVED_WITHIN_MS = 30_000;

/** The folders of the hierarchies: one with cgroup v2, one for each controller with v1. */
function hierarchies(mount: string): string[] {
  if (isVersion2(mount)) {
    return [mount];
  }
  const entries = existsSync(mount) ? readdirSync(mount, { withFileTypes: true }) : [];
  // What v1 calls unified has no controllers. Links are second names.
  return entries
    .filter((entry) => entry.isDirectory() && entry.name !== 'unified')
    .map(({ name }) => join(mount, name));
}

const isVersion2 = (mount: string) => existsSync(join(mount, 'cgroup.controllers'));

/** Returns why the cluster can have no cgroups, and what to do about it; undefined when it can. */
export function whyNoGroups(mount = MOUNT): string | undefined {
  const all = hierarchies(mount);
  if (all.length === 0 || !all.every(canBeWritten)) {
    return `cgroups below ${mount} that can be written. A container needs --privileged`;
  }
  // Only the machine's own root has no type, and passes controllers on though there are processes in it.
  const isRoot = !existsSync(join(mount, 'cgroup.type'));
  if (isRoot || notPassedOn(mount).length === 0 || readWords(join(mount, 'cgroup.procs')).length === 0) {
    return undefined;
  }
  return `the cgroups of the machine: ${mount} has processes of this container in it. It needs --cgroupns=host`;
}

function canBeWritten(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Creates the cgroups of a node, or of something else that shall end with the cluster.
 * @returns the files that a process writes itself to, to belong to it
 */
export function makeGroups(node: string, mount = MOUNT, record = RECORD): string[] {
  rememberControllers(mount, record);
  return hierarchies(mount).map((hierarchy) => {
    let parent = hierarchy;
    for (const name of [cgroup, node, 'programs']) {
      passControllersOn(parent);
      const group = join(parent, name);
      mkdirSync(group, { recursive: true });
      copyProcessors(parent, group);
      parent = group;
    }
    return join(parent, 'cgroup.procs');
  });
}

/** Returns the command that runs another one in cgroups. @param files what `makeGroups` has returned */
export function inGroups(
  files: readonly string[],
  command: string,
  args: readonly string[],
): [string, string[]] {
  const join = 'while [ "$1" != -- ]; do echo 0 >"$1"; shift; done; shift; exec "$@"';
  return ['sh', ['-ec', join, 'sh', ...files, '--', command, ...args]];
}

/** With v2, a cgroup has only the controllers that the one above it passes on. */
function passControllersOn(group: string): void {
  for (const controller of notPassedOn(group)) {
    writeFileSync(passedOnBy(group), `+${controller}`);
  }
}

const passedOnBy = (group: string) => join(group, 'cgroup.subtree_control');

function notPassedOn(group: string): string[] {
  const known = readWords(join(group, 'cgroup.controllers'));
  const passed = readWords(passedOnBy(group));
  return NEEDED.filter((name) => known.includes(name) && !passed.includes(name));
}

/** Records what the machine passes on. Call it before anything of the cluster makes a cgroup. */
export function rememberControllers(mount = MOUNT, record = RECORD): void {
  if (isVersion2(mount) && !existsSync(record)) {
    mkdirSync(dirname(record), { recursive: true });
    // Whole or not at all: with half of it, too much would be taken back.
    writeFileSync(`${record}.new`, readWords(passedOnBy(mount)).join(' '));
    renameSync(`${record}.new`, record);
  }
}

/** Has the machine pass on only what it did before. */
export function restoreControllers(mount = MOUNT, record = RECORD): void {
  if (!existsSync(record)) {
    return;
  }
  const before = readWords(record);
  for (const controller of readWords(passedOnBy(mount)).filter((name) => !before.includes(name))) {
    try {
      writeFileSync(passedOnBy(mount), `-${controller}`);
    } catch {
      // Somebody else uses it by now.
    }
  }
  rmSync(record);
}

/** Returns the words in a file, and none if there is no such file. */
function readWords(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split(/\s+/).filter(Boolean) : [];
}

/** With v1, a new cgroup has no processor and no memory until it is told. */
function copyProcessors(parent: string, group: string): void {
  for (const name of ['cpuset.cpus', 'cpuset.mems']) {
    const value = readWords(join(parent, name));
    if (value.length > 0 && existsSync(join(group, name))) {
      writeFileSync(join(group, name), value.join(' '));
    }
  }
}

/**
 * Kills every process in a cgroup, waits for the end of the last one, and removes the cgroup with those in it.
 * @throws Error when there is still one after a while
 */
export async function removeGroups(name: string, mount = MOUNT): Promise<void> {
  // Also in a hierarchy without controllers, to which runc may add containers.
  const groups = [...hierarchies(mount), join(mount, 'unified')].map((hierarchy) => join(hierarchy, name));
  for (const end = Date.now() + REMOVED_WITHIN_MS; ; await sleep(100)) {
    const left = groups.filter((group) => !isRemoved(group));
    if (left.length === 0) {
      return;
    }
    if (Date.now() > end) {
      throw new Error(
        `Some processes of the cluster do not end. They are listed in ${left[0]}/…/cgroup.procs.`,
      );
    }
  }
}

function isRemoved(group: string): boolean {
  if (!existsSync(group)) {
    return true;
  }
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) {
      isRemoved(join(group, entry.name));
    }
  }
  try {
    killAll(group);
    rmdirSync(group);
    return true;
  } catch {
    // A process is still ending in it.
    return false;
  }
}

function killAll(group: string): void {
  // Those of another process namespace are listed as 0.
  for (const pid of readWords(join(group, 'cgroup.procs')).filter((pid) => pid !== '0')) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}
