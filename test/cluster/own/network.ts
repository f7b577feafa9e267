import { API, type ClusterNode } from './places';

/**
 * The cluster's network: a bridge in a network namespace, in which the control plane runs, and a cable from it to the
 * namespace of each node. Nothing leads out of it, and the machine's own network has no part in it. It ends with its
 * processes. Each function returns lines for `ip -batch`.
 */

const BRIDGE = 'nodes';

/** In the namespace of the control plane. */
export function bridgeLines(): string[] {
  return [
    'link set lo up',
    `link add ${BRIDGE} type bridge`,
    `address add ${API.address}/24 dev ${BRIDGE}`,
    `link set ${BRIDGE} up`,
  ];
}

/** In the namespace of the control plane. @param pid the first process of the node, which is in its namespace */
export function cableLines({ name, address, pods }: ClusterNode, pid: number): string[] {
  return [
    `link add ${name} type veth peer name eth0 netns ${pid}`,
    `link set ${name} master ${BRIDGE} up`,
    // It is there already when the node was only switched off.
    `route replace ${pods} via ${address}`,
  ];
}

/** In the namespace of a node. */
export function nodeLines(node: ClusterNode, nodes: readonly ClusterNode[]): string[] {
  const others = nodes.filter(({ name }) => name !== node.name);
  return [
    'link set lo up',
    `address add ${node.address}/24 dev eth0`,
    'link set eth0 up',
    ...others.map(({ pods, address }) => `route add ${pods} via ${address}`),
    // It leads nowhere. Without it there is no route to a Service before its address has been translated. The node
    // waits for this last line.
    `route add default via ${API.address}`,
  ];
}
