import type { Family } from './families';
import type { ClusterNode } from './places';

/**
 * The cluster's network: a bridge in a network namespace, in which the control plane runs, and a cable from it to the
 * namespace of each node. Nothing leads out of it, and the machine's own network has no part in it. It ends with its
 * processes. Each function returns lines for `ip -batch`.
 */

const BRIDGE = 'nodes';

/** In the namespace of the control plane. */
export function bridgeLines(families: readonly Family[]): string[] {
  return [
    'link set lo up',
    `link add ${BRIDGE} type bridge`,
    ...families.map(({ server, bits }) => addressLine(server, bits, BRIDGE)),
    `link set ${BRIDGE} up`,
  ];
}

/** In the namespace of the control plane. @param pid the first process of the node, which is in its namespace */
export function cableLines({ name, networks }: ClusterNode, pid: number): string[] {
  return [
    `link add ${name} type veth peer name eth0 netns ${pid}`,
    `link set ${name} master ${BRIDGE} up`,
    // They are there already when the node was only switched off.
    ...networks.map(({ pods, address }) => `route replace ${pods} via ${address}`),
  ];
}

/** In the namespace of the control plane. @param name of the node whose cable is cut */
export function cutLines(name: string): string[] {
  return [`link delete ${name}`];
}

/** In the namespace of a node. */
export function nodeLines(node: ClusterNode, nodes: readonly ClusterNode[]): string[] {
  const others = nodes.filter(({ name }) => name !== node.name).flatMap(({ networks }) => networks);
  return [
    'link set lo up',
    ...node.networks.map(({ address, family }) => addressLine(address, family.bits, 'eth0')),
    'link set eth0 up',
    ...others.map(({ pods, address }) => `route add ${pods} via ${address}`),
    // They lead nowhere. Without one there is no route to a Service before its address has been translated. The node
    // waits for these last lines.
    ...node.networks.map(({ family }) => `route add ${family.all} via ${family.server}`),
  ];
}

/** Nobody else can have the address, so IPv6 need not ask around for a second. */
function addressLine(address: string, bits: number, device: string): string {
  return `address add ${address}/${bits} dev ${device}${address.includes(':') ? ' nodad' : ''}`;
}
