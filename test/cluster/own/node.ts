import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../../../shared/root';
import { withoutDigest } from '../../images/engine/bases';
import { certificate, settingsOf, tokens } from './certificates';
import { makeGroups } from './cgroups';
import { archives } from './images/archives';
import { byDigest } from './images/names';
import { nodeSettings } from './node-settings';
import { API_PORT, type ClusterNode, folders } from './places';
import type { Wanted } from './processes';
import { envoyImage } from './programs/chart';

const logsOf = ({ name }: ClusterNode) => join(folders.logs, name);

/** Writes the settings of a node, and makes its folders. */
export function prepareNode(node: ClusterNode): void {
  for (const name of ['kubelet', 'containerd', 'volumes', 'plugins']) {
    mkdirSync(join(node.folder, name), { recursive: true });
  }
  mkdirSync(logsOf(node), { recursive: true });
  for (const [name, text] of Object.entries(nodeSettings(node))) {
    mkdirSync(dirname(join(node.folder, name)), { recursive: true });
    writeFileSync(join(node.folder, name), text);
  }
}

/**
 * The first process of a node. To end it is to switch the node off: it is killed, and with it the kernel ends all its
 * other processes.
 * @param from an earlier release whose images the node has as well
 */
export function nodeProgram(node: ClusterNode, from?: string): Wanted {
  const spaces = [
    '--net',
    '--mount',
    '--propagation',
    'private',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
  ];
  const script = ['bash', join(root, 'test/cluster/own/node.sh'), ...archives(from)];
  const envoy = envoyImage();
  return {
    name: node.name,
    command: 'unshare',
    args: [...spaces, '--', ...script],
    stopSignal: 'SIGKILL',
    env: {
      NODE: node.name,
      ADDRESSES: node.networks.map(({ address }) => address).join(),
      TABLES: node.networks.map(({ family }) => family.tables).join(' '),
      FOLDER: node.folder,
      LOGS: logsOf(node),
      CGROUPS: makeGroups(node.name).join(' '),
      KUBELET: settingsOf(`${node.name}.kubeconfig`),
      POLICIES: tokens.policies,
      CA: certificate('ca'),
      SERVER: node.networks[0]?.family.server ?? '',
      SERVER_PORT: String(API_PORT),
      ENVOY: withoutDigest(envoy),
      ENVOY_BY_DIGEST: byDigest(envoy),
    },
  };
}
