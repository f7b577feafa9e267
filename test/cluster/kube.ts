import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Job, V1ObjectMeta, V1Pod } from '@kubernetes/client-node';
import { checkoutNames } from '../../shared/services';
import { GATEWAY, gatewayOf } from './gateway';
import { isReady, isRolledOut, jobResult } from './judging';
import { nodesOf } from './nodes';

export const NAMESPACE = 'chandlery';
const POLL_MS = 1_000;
const READY_WITHIN_MS = 10 * 60_000;
const MERGE = 'application/merge-patch+json';

export type Kube = Awaited<ReturnType<typeof connect>>;

/** @throws Error when the cluster cannot be reached */
export async function connect(context: string | undefined) {
  // An ES module that needs a newer Node.js than the shop, so it is only loaded here.
  const client = await import('@kubernetes/client-node');
  const config = new client.KubeConfig();
  config.loadFromDefault();
  if (context !== undefined) {
    if (!config.getContexts().some(({ name }) => name === context)) {
      throw new Error(`There is no context "${context}": "kubectl config get-contexts" lists them.`);
    }
    config.setCurrentContext(context);
  }
  const core = config.makeApiClient(client.CoreV1Api);
  const apps = config.makeApiClient(client.AppsV1Api);
  const batch = config.makeApiClient(client.BatchV1Api);
  const custom = config.makeApiClient(client.CustomObjectsApi);
  const discovery = config.makeApiClient(client.DiscoveryV1Api);
  const autoscaling = config.makeApiClient(client.AutoscalingV2Api);
  const networking = config.makeApiClient(client.NetworkingV1Api);
  const merge = client.setHeaderOptions('Content-Type', MERGE);
  const namespace = NAMESPACE;
  const gateway = gatewayOf({ core, custom, discovery }, namespace, merge);

  async function pods(): Promise<V1Pod[]> {
    return (await core.listNamespacedPod({ namespace })).items;
  }

  async function listUnready(): Promise<string[]> {
    const [deployments, proxies, statefulSets, allPods] = await Promise.all([
      apps.listNamespacedDeployment({ namespace }),
      apps.listDeploymentForAllNamespaces({ labelSelector: gateway.labelSelector }),
      apps.listNamespacedStatefulSet({ namespace }),
      pods(),
    ]);
    const workloads = [...deployments.items, ...proxies.items, ...statefulSets.items];
    const unready = workloads.filter((workload) => !isRolledOut(workload));
    // CloudNativePG's instances belong to neither kind of workload.
    const instances = allPods.filter(
      (pod) => pod.metadata?.labels?.['cnpg.io/cluster'] !== undefined && !isReady(pod),
    );
    const names = (found: { metadata?: V1ObjectMeta }[]) => found.map(({ metadata }) => metadata?.name ?? '');
    const missing = checkoutNames.filter((name) => !names(deployments.items).includes(name));
    return [...missing, ...names([...unready, ...instances])];
  }

  /** Waits until every workload is ready. Returns the milliseconds that it took. */
  async function waitUntilReady(): Promise<number> {
    const began = performance.now();
    // First give the controllers time to notice the change.
    for (await sleep(2 * POLL_MS); ; await sleep(POLL_MS)) {
      const unready = await listUnready();
      if (unready.length === 0) {
        return performance.now() - began;
      }
      if (performance.now() - began > READY_WITHIN_MS) {
        throw new Error(`Still not ready after ${READY_WITHIN_MS / 60_000} minutes: ${unready.join(', ')}`);
      }
    }
  }

  async function deletePod(pod: V1Pod): Promise<void> {
    // The shortest allowed grace period. With 0, the API forgets the pod at once, whether or not it has ended, and its
    // replacement may start a second server on the same volume.
    const { name = '', namespace = '' } = pod.metadata ?? {};
    await core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 1 });
  }

  /** Has all pods of a service, or of the gateway, replaced, as a new version would. */
  async function restart(name: string): Promise<void> {
    const annotations = { 'chandlery/restarted-at': new Date().toISOString() };
    if (name === GATEWAY) {
      await gateway.restart(annotations);
      return;
    }
    const body = { spec: { template: { metadata: { annotations } } } };
    await apps.patchNamespacedDeployment({ namespace, name, body }, merge);
  }

  async function scale(name: string, replicas: number): Promise<void> {
    await apps.patchNamespacedDeploymentScale({ namespace, name, body: { spec: { replicas } } }, merge);
  }

  /** Returns how many replicas of a service there are. */
  async function replicasOf(name: string): Promise<number> {
    const { status } = await apps.readNamespacedDeployment({ namespace, name });
    return status?.replicas ?? 0;
  }

  /** Runs a Job to its end. Returns its result and its logs. */
  async function runJob(job: V1Job): Promise<{ result: 'succeeded' | 'failed'; output: string }> {
    const name = job.metadata?.name ?? '';
    await batch.createNamespacedJob({ namespace, body: job });
    for (;;) {
      const result = jobResult(await batch.readNamespacedJob({ namespace, name }));
      if (result !== undefined) {
        return { result, output: await logs(name) };
      }
      await sleep(POLL_MS);
    }
  }

  async function logs(job: string): Promise<string> {
    const { items } = await core.listNamespacedPod({
      namespace,
      labelSelector: `batch.kubernetes.io/job-name=${job}`,
    });
    const texts = items.map((pod) =>
      core.readNamespacedPodLog({ namespace, name: pod.metadata?.name ?? '' }),
    );
    return (await Promise.all(texts)).join('\n');
  }

  await core.readNamespace({ name: 'default' }).catch((cause) => {
    throw new Error(`The cluster of context ${config.getCurrentContext()} cannot be reached.`, { cause });
  });
  const operateCronJob = () => batch.readNamespacedCronJob({ namespace, name: 'operate' });
  return {
    context: config.getCurrentContext(),
    core,
    apps,
    autoscaling,
    networking,
    merge,
    nodes: nodesOf(core, merge),
    gateway,
    pods,
    waitUntilReady,
    deletePod,
    restart,
    scale,
    replicasOf,
    runJob,
    operateCronJob,
  };
}
