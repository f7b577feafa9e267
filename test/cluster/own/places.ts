import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { root } from '../../../shared/root';
import { home as localHome } from '../../../tools/support/layout';
import { type Family, familiesOf, type IpFamily, type NodeAddresses } from './families';

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

export const API_PORT = 6443;
export const MAX_NODES = 5;

/** What a cluster shall be like. */
export interface Shape {
  readonly nodes: number;
  readonly ipFamily: IpFamily;
  /** An earlier release whose images the nodes have as well. */
  readonly from?: string | undefined;
}

export interface ClusterNode {
  readonly name: string;
  /** Its addresses, in each IP family of the cluster. */
  readonly networks: readonly (NodeAddresses & { readonly family: Family })[];
  readonly folder: string;
}

/** @param number counted from 1 */
export function nodeOf(number: number, ipFamily: IpFamily): ClusterNode {
  const name = `n${number}`;
  const networks = familiesOf(ipFamily).map((family) => ({ family, ...family.nodeOf(number) }));
  return { name, networks, folder: join(folders.nodes, name) };
}

export function nodesOf(count: number, ipFamily: IpFamily): ClusterNode[] {
  return Array.from({ length: count }, (_, i) => nodeOf(i + 1, ipFamily));
}
