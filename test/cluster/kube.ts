import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { V1Job, V1Pod } from '@kubernetes/client-node';
import { findRuleProblems, isReady, isRolledOut, jobResult, podsToEvict, type RuleGroups } from './judging';

export const NAMESPACE = 'chandlery';
const POLL_MS = 1_000;
const READY_WITHIN_MS = 10 * 60_000;
const DRAINED_WITHIN_MS = 5 * 60_000;
const RULES_WITHIN_MS = 3 * 60_000;
/** Through the API server. The release kube-prometheus-stack in helm-config/charts.txt gives the Service this name. */
const PROMETHEUS_RULES =
  '/api/v1/namespaces/monitoring/services/kube-prometheus-stack-prometheus:9090/proxy/api/v1/rules';
const MERGE = 'application/merge-patch+json';

interface Gateway {
  spec: { listeners: { hostname?: string }[] };
}

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
  const merge = client.setHeaderOptions('Content-Type', MERGE);
  const namespace = NAMESPACE;

  async function pods(): Promise<V1Pod[]> {
    return (await core.listNamespacedPod({ namespace })).items;
  }

  async function listUnready(): Promise<string[]> {
    const [deployments, statefulSets, allPods] = await Promise.all([
      apps.listNamespacedDeployment({ namespace }),
      apps.listNamespacedStatefulSet({ namespace }),
      pods(),
    ]);
    const workloads = [...deployments.items, ...statefulSets.items].filter(
      (workload) => !isRolledOut(workload),
    );
    // CloudNativePG's instances belong to neither kind of workload.
    const instances = allPods.filter(
      (pod) => pod.metadata?.labels?.['cnpg.io/cluster'] !== undefined && !isReady(pod),
    );
    return [...workloads, ...instances].map(({ metadata }) => metadata?.name ?? '');
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

  /**
   * Drains a node like `kubectl drain`: all namespaces, by evictions, which disruption budgets can refuse.
   * @returns the pods that were still there after five minutes; they stay
   */
  async function drain(node: string): Promise<string[]> {
    await cordon(node, true);
    for (const end = Date.now() + DRAINED_WITHIN_MS; ; await sleep(2 * POLL_MS)) {
      const { items } = await core.listPodForAllNamespaces();
      const left = podsToEvict(items, node);
      if (left.length === 0 || Date.now() > end) {
        return left.map(({ metadata }) => metadata?.name ?? '');
      }
      await Promise.all(left.map(evict));
    }
  }

  async function evict({ metadata }: V1Pod): Promise<void> {
    const pod = { name: metadata?.name ?? '', namespace: metadata?.namespace ?? '' };
    await core.createNamespacedPodEviction({ ...pod, body: { metadata: pod } }).catch((error) => {
      // 429: the pod's budget does not allow it now. 404: the pod has gone. Anything else is our own mistake.
      if (![404, 429].includes(error.code)) {
        throw error;
      }
    });
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

  /** Returns the problems of the cluster's Prometheus with these rules. It evaluates a new rule only after a while. */
  async function checkRules(expected: readonly string[]): Promise<string[]> {
    const command = ['--context', config.getCurrentContext(), 'get', '--raw', PROMETHEUS_RULES];
    for (const end = Date.now() + RULES_WITHIN_MS; ; await sleep(5 * POLL_MS)) {
      const problems = await promisify(execFile)('kubectl', command, { maxBuffer: 64 * 1024 * 1024 }).then(
        ({ stdout }) => findRuleProblems((JSON.parse(stdout) as { data: RuleGroups }).data, expected),
        // Prometheus may just be starting, if it was on the node that was drained.
        (error: Error) => [error.message],
      );
      if (problems.length === 0 || Date.now() > end) {
        return problems;
      }
    }
  }

  /** Returns the host name under which the gateway serves the shop. */
  async function gatewayHost(): Promise<string> {
    const kind = { group: 'gateway.networking.k8s.io', version: 'v1', plural: 'gateways' };
    const gateway = await custom.getNamespacedCustomObject({ ...kind, namespace, name: 'chandlery' });
    const name = (gateway as Gateway).spec.listeners.find(({ hostname }) => hostname)?.hostname;
    if (name === undefined) {
      throw new Error('No listener of the Gateway "chandlery" has a host name.');
    }
    return name;
  }

  await core.readNamespace({ name: 'default' }).catch((cause) => {
    throw new Error(`The cluster of context ${config.getCurrentContext()} cannot be reached.`, { cause });
  });
  const operateCronJob = () => batch.readNamespacedCronJob({ namespace, name: 'operate' });
  return {
    context: config.getCurrentContext(),
    core,
    pods,
    waitUntilReady,
    deletePod,
    restart,
    scale,
    cordon,
    drain,
    runJob,
    operateCronJob,
    checkRules,
    gatewayHost,
  };
}
