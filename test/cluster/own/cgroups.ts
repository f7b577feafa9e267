import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cgroup } from './places';

/**
 * The cgroups of the cluster: one for all of it, in it one for each node, with the pods and with the node's own programs
 * in different ones. They also show when the last process of a node has ended.
 */

const mount = '/sys/fs/cgroup';
/** What kubelet insists on with v2, where they exist. */
const NEEDED = ['cpu', 'cpuset', 'hugetlb', 'io', 'memory', 'pids'];
const REMOVED_WITHIN_MS = 30_000;

/** The folders of the hierarchies: one with cgroup v2, one for each controller with v1. */
export function hierarchies(): string[] {
  if (existsSync(join(mount, 'cgroup.controllers'))) {
    return [mount];
  }
  const entries = existsSync(mount) ? readdirSync(mount, { withFileTypes: true }) : [];
  // What v1 calls unified has no controllers. Links are second names.
  return entries
    .filter((entry) => entry.isDirectory() && entry.name !== 'unified')
    .map(({ name }) => join(mount, name));
}

/** Creates the cgroups of a node. @returns the files that a process writes itself to, to belong to the node */
export function makeGroups(node: string): string[] {
  return hierarchies().map((hierarchy) => {
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

/** With v2, a cgroup has only the controllers that the one above it passes on. */
function passControllersOn(group: string): void {
  const known = readWords(join(group, 'cgroup.controllers'));
  const passed = readWords(join(group, 'cgroup.subtree_control'));
  for (const controller of NEEDED.filter((name) => known.includes(name) && !passed.includes(name))) {
    writeFileSync(join(group, 'cgroup.subtree_control'), `+${controller}`);
  }
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
 * Removes a cgroup with those in it, and so waits until the last process in it has ended.
 * @throws Error when there is still one after a while
 */
export async function removeGroups(name: string): Promise<void> {
  // Also in a hierarchy without controllers, to which runc may add containers.
  const groups = [...hierarchies(), join(mount, 'unified')].map((hierarchy) => join(hierarchy, name));
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
    rmdirSync(group);
    return true;
  } catch {
    // A process is still ending in it.
    return false;
  }
}
