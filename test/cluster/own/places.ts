import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { root } from '../../../shared/root';
import { home as localHome } from '../../../tools/support/layout';

/** Where a cluster of our own keeps what exists only while it runs, and the names and addresses that it uses. */

export const home = join(localHome, 'cluster');
export const folders = {
  /** The records of running programs, for the next run if this one is killed. */
  running: join(home, 'running'),
  logs: join(home, 'log'),
  certificates: join(home, 'certificates'),
  settings: join(home, 'settings'),
  etcd: join(home, 'etcd'),
  nodes: join(home, 'nodes'),
  /** The archives that every node imports. */
  images: join(home, 'images'),
  /** Names of nodes that shall be off. */
  off: join(home, 'off'),
};
/** What the engine that builds images leaves in the machine's folders. */
export const engineTraces = join(home, 'traces');
export const manifests = join(root, 'test/cluster/own/manifests');
/** The administrator's. It is of use only inside the cluster's network. */
export const kubeconfig = join(folders.settings, 'admin.yaml');
export const CONTEXT = 'chandlery-own';

/** The cgroup that everything is in. Clones that run clusters at the same time have different ones. */
export const cgroup = `chandlery-${createHash('sha256').update(home).digest('hex').slice(0, 8)}`;
/** That of the engine that builds images. */
export const engineCgroup = `${cgroup}-engine`;

/** All addresses are from the range for benchmarks, which nobody uses, and exist only in the cluster's own network. */
export const API = { address: '198.18.0.1', port: 6443 };
export const SERVICES = { range: '198.19.0.0/16', api: '198.19.0.1', names: '198.19.0.10' };
export const PODS = '198.18.64.0/20';
export const MAX_NODES = 5;

export interface ClusterNode {
  readonly name: string;
  readonly address: string;
  readonly pods: string;
  readonly folder: string;
}

/** @param number counted from 1 */
export function nodeOf(number: number): ClusterNode {
  const name = `n${number}`;
  return {
    name,
    address: `198.18.0.${10 + number}`,
    pods: `198.18.${64 + number}.0/24`,
    folder: join(folders.nodes, name),
  };
}

export function nodesOf(count: number): ClusterNode[] {
  return Array.from({ length: count }, (_, i) => nodeOf(i + 1));
}
