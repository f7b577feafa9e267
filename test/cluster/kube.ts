import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Job, V1Pod } from '@kubernetes/client-node';
import { drainable, howJobEnded, isReady, isWhole } from './judging';

export const NAMESPACE = 'chandlery';
const POLL_MS = 1_000;
const WHOLE_WITHIN_MS = 10 * 60_000;
const DRAINED_WITHIN_MS = 5 * 60_000;
const MERGE = 'application/merge-patch+json';

interface Gateway {
  spec: { listeners: { hostname?: string }[] };
}

export type Kube = Awaited<ReturnType<typeof connect>>;

/** @throws when the cluster cannot be reached */
export async function connect(context: string | undefined) {
  // An ES module, which needs a newer Node than the shop does.
  const client = await import('@kubernetes/client-node');
  const config = new client.KubeConfig();
  config.loadFromDefault();
  if (context !== undefined) {
    if (!config.getContexts().some(({ name }) => name === context))
      throw new Error(`There is no context "${context}".`);
    config.setCurrentContext(context);
  }
  const core = config.makeApiClient(client.CoreV1Api);
  const apps = config.makeApiClient(client.AppsV1Api);
  const batch = config.makeApiClient(client.BatchV1Api);
  const custom = config.makeApiClient(client.CustomObjectsApi);
  const merge = client.setHeaderOptions('Content-Type', MERGE);
  const namespace = NAMESPACE;

  async function pods(): Promise<V1Pod[]> {
    return (await core.listNamespacedPod({ namespace })).items;
  }

  async function notWhole(): Promise<string[]> {
    const [deployments, statefulSets, all] = await Promise.all([
      apps.listNamespacedDeployment({ namespace }),
      apps.listNamespacedStatefulSet({ namespace }),
      pods(),
    ]);
    const broken = [...deployments.items, ...statefulSets.items].filter((workload) => !isWhole(workload));
    // Instances of an operator's database are in neither.
    const down = all.filter(
      (pod) => pod.metadata?.labels?.['cnpg.io/cluster'] !== undefined && !isReady(pod),
    );
    return [...broken, ...down].map(({ metadata }) => metadata?.name ?? '');
  }

  /** Resolves when nothing is missing any more, and answers after how long. */
  async function whole(): Promise<number> {
    const began = performance.now();
    // What was just changed is seen by its controller first.
    for (await sleep(2 * POLL_MS); ; await sleep(POLL_MS)) {
      const missing = await notWhole();
      if (missing.length === 0) return performance.now() - began;
      if (performance.now() - began > WHOLE_WITHIN_MS)
        throw new Error(`Still not whole: ${missing.join(', ')}`);
    }
  }

  async function remove(pod: V1Pod): Promise<void> {
    await core.deleteNamespacedPod({ namespace, name: pod.metadata?.name ?? '', gracePeriodSeconds: 0 });
  }

  async function restart(name: string): Promise<void> {
    const annotations = { 'chandlery/restarted-at': new Date().toISOString() };
    const body = { spec: { template: { metadata: { annotations } } } };
    await apps.patchNamespacedDeployment({ namespace, name, body }, merge);
  }

  async function scale(name: string, replicas: number): Promise<void> {
    await apps.patchNamespacedDeploymentScale({ namespace, name, body: { spec: { replicas } } }, merge);
  }

  async function cordon(node: string, unschedulable: boolean): Promise<void> {
    await core.patchNode({ name: node, body: { spec: { unschedulable } } }, merge);
  }

  /** As `kubectl drain`, by evictions, which disruption budgets may refuse: who is still there in the end, stays. */
  async function drain(node: string): Promise<string[]> {
    await cordon(node, true);
    for (const end = Date.now() + DRAINED_WITHIN_MS; ; await sleep(2 * POLL_MS)) {
      const left = drainable(await pods(), node);
      if (left.length === 0 || Date.now() > end) return left.map(({ metadata }) => metadata?.name ?? '');
      await Promise.all(left.map(({ metadata }) => evict(metadata?.name ?? '')));
    }
  }

  async function evict(name: string): Promise<void> {
    await core
      .createNamespacedPodEviction({ namespace, name, body: { metadata: { name, namespace } } })
      .catch((error) => {
        // 429: its budget does not allow it now. 404: it has gone. Anything else is a fault of ours.
        if (![404, 429].includes(error.code)) throw error;
      });
  }

  /** Runs a Job to its end and answers how it ended, and what it said. */
  async function run(job: V1Job): Promise<{ ended: 'succeeded' | 'failed'; said: string }> {
    const name = job.metadata?.name ?? '';
    await batch.createNamespacedJob({ namespace, body: job });
    for (;;) {
      const ended = howJobEnded(await batch.readNamespacedJob({ namespace, name }));
      if (ended !== undefined) return { ended, said: await logs(name) };
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

  /** The name by which the gateway knows the shop. */
  async function host(): Promise<string> {
    const kind = { group: 'gateway.networking.k8s.io', version: 'v1', plural: 'gateways' };
    const gateway = await custom.getNamespacedCustomObject({ ...kind, namespace, name: 'chandlery' });
    const name = (gateway as Gateway).spec.listeners.find(({ hostname }) => hostname)?.hostname;
    if (name === undefined) throw new Error('No listener of the Gateway chandlery has a host name.');
    return name;
  }

  await core.readNamespace({ name: 'default' }).catch((cause) => {
    throw new Error(`The cluster of context ${config.getCurrentContext()} cannot be reached.`, { cause });
  });
  const operate = () => batch.readNamespacedCronJob({ namespace, name: 'operate' });
  return {
    context: config.getCurrentContext(),
    core,
    pods,
    whole,
    remove,
    restart,
    scale,
    cordon,
    drain,
    run,
    operate,
    host,
  };
}
