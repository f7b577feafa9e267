import type { Kube } from './kube';
import type { ClusterOptions } from './options';

/**
 * Runs a deployment while one node takes no pods, so that the databases and the broker of the overlay `laptop`, which have
 * one copy of their data, are on other nodes. Afterwards each node gets a proxy of the gateway.
 */
export async function keepingOneFree(
  { nodes, gateway, waitUntilReady }: Kube,
  { overlay }: ClusterOptions,
  deploy: () => void,
): Promise<void> {
  const names = await nodes.names();
  const free = names.at(-1);
  if (overlay !== 'laptop' || names.length < 2 || free === undefined) {
    deploy();
    return;
  }
  await nodes.cordon(free, true);
  try {
    deploy();
  } finally {
    await nodes.cordon(free, false);
  }
  await gateway.scale(names.length);
  await waitUntilReady();
}
