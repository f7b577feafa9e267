import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { V1Job, V1Pod } from '@kubernetes/client-node';
import { drainable, howJobEnded, isReady, isWhole, type RuleGroups, ruleFaults } from './judging';

export const NAMESPACE = 'chandlery';
const POLL_MS = 1_000;
const WHOLE_WITHIN_MS = 10 * 60_000;
const DRAINED_WITHIN_MS = 5 * 60_000;
const RULES_WITHIN_MS = 3 * 60_000;
/** By way of the API server, as the release kube-prometheus-stack of helm-config/charts.txt names its Service. */
const PROMETHEUS_RULES =
  '/api/v1/namespaces/monitoring/services/kube-prometheus-stack-prometheus:9090/proxy/api/v1/rules';
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
    if (!config.getContexts().some(({ name }) => name === context)) {
      throw new Error(`There is no context "${context}".`);
    }
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
      if (missing.length === 0) {
        return performance.now() - began;
      }
      if (performance.now() - began > WHOLE_WITHIN_MS) {
        throw new Error(`Still not whole: ${missing.join(', ')}`);
      }
    }
  }

  async function remove(pod: V1Pod): Promise<void> {
    // As hard as is allowed. With 0 the API forgets the pod at once, whether or not it has ended, and whoever replaces it
    // may start a second server on the same volume.
    await core.deleteNamespacedPod({ namespace, name: pod.metadata?.name ?? '', gracePeriodSeconds: 1 });
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

  /** As `kubectl drain`, of all namespaces and by evictions, which disruption budgets may refuse: who is still there in the end, stays. */
  async function drain(node: string): Promise<string[]> {
    await cordon(node, true);
    for (const end = Date.now() + DRAINED_WITHIN_MS; ; await sleep(2 * POLL_MS)) {
      const { items } = await core.listPodForAllNamespaces();
      const left = drainable(items, node);
      if (left.length === 0 || Date.now() > end) {
        return left.map(({ metadata }) => metadata?.name ?? '');
      }
      await Promise.all(left.map(evict));
    }
  }

  async function evict({ metadata }: V1Pod): Promise<void> {
    const at = { name: metadata?.name ?? '', namespace: metadata?.namespace ?? '' };
    await core.createNamespacedPodEviction({ ...at, body: { metadata: at } }).catch((error) => {
      // 429: its budget does not allow it now. 404: it has gone. Anything else is a fault of ours.
      if (![404, 429].includes(error.code)) {
        throw error;
      }
    });
  }

  /** Runs a Job to its end and answers how it ended, and what it said. */
  async function run(job: V1Job): Promise<{ ended: 'succeeded' | 'failed'; said: string }> {
    const name = job.metadata?.name ?? '';
    await batch.createNamespacedJob({ namespace, body: job });
    for (;;) {
      const ended = howJobEnded(await batch.readNamespacedJob({ namespace, name }));
      if (ended !== undefined) {
        return { ended, said: await logs(name) };
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

  /** What is wrong with these rules by what the cluster's Prometheus says, which looks at a new one only after a while. */
  async function rules(expected: readonly string[]): Promise<string[]> {
    const command = ['--context', config.getCurrentContext(), 'get', '--raw', PROMETHEUS_RULES];
    for (const end = Date.now() + RULES_WITHIN_MS; ; await sleep(5 * POLL_MS)) {
      const faults = await promisify(execFile)('kubectl', command, { maxBuffer: 64 * 1024 * 1024 }).then(
        ({ stdout }) => ruleFaults((JSON.parse(stdout) as { data: RuleGroups }).data, expected),
        // It may just be starting, on the node that was drained.
        (error: Error) => [error.message],
      );
      if (faults.length === 0 || Date.now() > end) {
        return faults;
      }
    }
  }

  /** The name by which the gateway knows the shop. */
  async function host(): Promise<string> {
    const kind = { group: 'gateway.networking.k8s.io', version: 'v1', plural: 'gateways' };
    const gateway = await custom.getNamespacedCustomObject({ ...kind, namespace, name: 'chandlery' });
    const name = (gateway as Gateway).spec.listeners.find(({ hostname }) => hostname)?.hostname;
    if (name === undefined) {
      throw new Error('No listener of the Gateway chandlery has a host name.');
    }
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
    rules,
    host,
  };
}
