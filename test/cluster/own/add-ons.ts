import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { root } from '../../../shared/root';
import { withoutDigest } from '../../images/engine/bases';
import { type Family, familiesOf } from './families';
import { folders, manifests } from './places';
import { envoyImage, gatewayChart, monitoringDefinitions } from './programs/chart';
import { withTopology } from './storage/volumes';

/** Runs a program in the cluster's network, and returns what it prints. */
export type RunInside = (program: string, ...args: string[]) => Promise<string>;

const GATEWAY_NAMESPACE = 'envoy-gateway-system';
const READY_WITHIN = '180s';

/** What the nodes need to be found and to become ready. */
export async function applyBasics(
  run: RunInside,
  families: readonly Family[],
  nodes: readonly string[],
): Promise<void> {
  // The API server makes this namespace soon after it begins to answer.
  await run('kubectl', 'wait', '--for=create', 'namespace/kube-system', `--timeout=${READY_WITHIN}`);
  await run('kubectl', 'apply', '-f', writeManifests(families, nodes));
  await run('kubectl', 'apply', '--server-side', '-f', monitoringDefinitions());
}

/**
 * Writes the manifests with the address at which names are served in this cluster, and with the nodes that hold volumes. Returns
 * their folder.
 */
function writeManifests([first]: readonly Family[], nodes: readonly string[]): string {
  const [standard] = familiesOf('ipv4');
  const folder = join(folders.settings, 'manifests');
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(manifests)) {
    const text = readFileSync(join(manifests, name), 'utf8');
    const address = JSON.stringify(first?.services.names);
    writeFileSync(join(folder, name), text.replaceAll(standard?.services.names ?? '', address));
  }
  const storage = join(folder, 'storage.yaml');
  writeFileSync(storage, stringify(withTopology(parse(readFileSync(storage, 'utf8')), nodes)));
  return folder;
}

/** Installs Envoy Gateway as deploy-to-cluster.sh would, with the chart from its Go module. */
export async function installGateway(run: RunInside): Promise<void> {
  await run(
    'helm',
    ...['upgrade', 'envoy-gateway', gatewayChart(), '--install'],
    ...['--namespace', GATEWAY_NAMESPACE, '--create-namespace'],
    ...['--values', join(root, 'helm-config/envoy-gateway.yaml')],
    ...['--set', `global.images.envoyProxy.image=${withoutDigest(envoyImage())}`],
    ...['--wait', '--timeout', READY_WITHIN],
  );
}

/** Waits for everything else that a cluster has. */
export async function awaitAddOns(run: RunInside): Promise<void> {
  const inSystem = ['--namespace', 'kube-system', `--timeout=${READY_WITHIN}`];
  for (const name of ['coredns', 'metrics-server']) {
    await run('kubectl', 'rollout', 'status', `deployment/${name}`, ...inSystem);
  }
  const available = '--for=condition=Available';
  await run('kubectl', 'wait', available, 'apiservice/v1beta1.metrics.k8s.io', `--timeout=${READY_WITHIN}`);
}

export async function awaitNodes(run: RunInside, names: readonly string[]): Promise<void> {
  const nodes = names.map((name) => `node/${name}`);
  // One by one: it waits for no second one.
  for (const node of nodes) {
    await run('kubectl', 'wait', '--for=create', node, `--timeout=${READY_WITHIN}`);
  }
  await run('kubectl', 'wait', '--for=condition=Ready', ...nodes, `--timeout=${READY_WITHIN}`);
}
