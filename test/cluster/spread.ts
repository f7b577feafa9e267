import type { Kube } from './kube';
import type { ClusterOptions } from './options';

/**
 * Runs a deployment while one node takes no pods, so that the databases and the broker of the overlay `laptop`, which have
 * one copy of their data, are on other nodes. Afterwards each node gets a proxy of the gateway.
 */
export async function keepingOneFree(
  kube: Kube,
  { overlay }: Pick<ClusterOptions, 'overlay'>,
  deploy: () => Promise<void> | void,
): Promise<void> {
  const { nodes } = kube;
  const names = await nodes.names();
  const free = names.at(-1);
  if (overlay !== 'laptop' || names.length < 2 || free === undefined) {
    await deploy();
    return;
  }
  await nodes.cordon(free, true);
  try {
    await deploy();
  } finally {
    await nodes.cordon(free, false);
  }
  await spreadProxies(kube);
}

/** Gives each node a proxy of the gateway. The overlay `laptop` has one in all. */
export async function spreadProxies({ nodes, gateway, waitUntilReady }: Kube): Promise<void> {
  await gateway.scale((await nodes.names()).length);
  await waitUntilReady();
}
