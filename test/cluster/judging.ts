import type { V1CronJob, V1Deployment, V1Job, V1Pod, V1StatefulSet } from '@kubernetes/client-node';

/** What the answers of a cluster mean: pure, so that it can be tried without one. */

export function isReady({ metadata, status }: V1Pod): boolean {
  if (metadata?.deletionTimestamp !== undefined) {
    return false;
  }
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** Whether all replicas that are wanted are there, of the newest kind, and no others. */
export function isWhole({ metadata, spec, status }: V1Deployment | V1StatefulSet): boolean {
  const wanted = spec?.replicas ?? 1;
  const { observedGeneration = 0, replicas = 0, readyReplicas = 0, updatedReplicas = 0 } = status ?? {};
  if (observedGeneration < (metadata?.generation ?? 0)) {
    return false;
  }
  return replicas === wanted && readyReplicas === wanted && updatedReplicas === wanted;
}

export function howJobEnded({ status }: V1Job): 'succeeded' | 'failed' | undefined {
  const ended = status?.conditions
    ?.filter((condition) => condition.status === 'True')
    .map(({ type }) => type);
  if (ended?.includes('Complete')) {
    return 'succeeded';
  }
  return ended?.includes('Failed') ? 'failed' : undefined;
}

/** Pods that leave a node when it is drained: those of a DaemonSet come back at once, and static ones cannot go. */
export function drainable(pods: readonly V1Pod[], node: string): V1Pod[] {
  return pods.filter(({ metadata, spec, status }) => {
    const stays = metadata?.ownerReferences?.some(({ kind }) => kind === 'DaemonSet' || kind === 'Node');
    return spec?.nodeName === node && !stays && !['Succeeded', 'Failed'].includes(status?.phase ?? '');
  });
}

/** A pod of each kind whose loss is tried: the primary of a replicated database, else any. */
export function victims(pods: readonly V1Pod[]): { kind: string; pod: V1Pod }[] {
  const found = new Map<string, V1Pod>();
  for (const pod of pods.filter(isReady)) {
    const labels = pod.metadata?.labels ?? {};
    const passing = pod.metadata?.ownerReferences?.some(({ kind }) => kind === 'Job');
    if (passing || labels['cnpg.io/instanceRole'] === 'replica') {
      continue;
    }
    const kind = labels['cnpg.io/cluster'] ?? labels['app.kubernetes.io/name'];
    if (kind !== undefined && !found.has(kind)) {
      found.set(kind, pod);
    }
  }
  return [...found].map(([kind, pod]) => ({ kind, pod })).sort((a, b) => a.kind.localeCompare(b.kind));
}

/** As much of Prometheus' answer to /api/v1/rules as matters here. */
export interface RuleGroups {
  groups: { rules: { name: string; health: string; lastError?: string }[] }[];
}

/** Rules by these names that Prometheus does not have, or could not evaluate the last time. */
export function ruleFaults({ groups }: RuleGroups, expected: readonly string[]): string[] {
  const rules = groups.flatMap((group) => group.rules);
  return expected.flatMap((name) => {
    const found = rules.filter((rule) => rule.name === name);
    if (found.length === 0) {
      return [`${name}: Prometheus does not have it`];
    }
    return found
      .filter(({ health }) => health !== 'ok')
      .map(({ health, lastError }) => `${name}: ${lastError ?? health}`);
  });
}

/** A Job that runs the auditor once, made from the one that operators make theirs of. */
export function auditJob(operate: V1CronJob, name: string): V1Job {
  const job = structuredClone(operate.spec?.jobTemplate);
  const container = job?.spec?.template.spec?.containers[0];
  if (!job?.spec || !container) {
    throw new Error('The CronJob "operate" has no container to make a Job of.');
  }
  container.args = ['dist/tools/audit/main.js'];
  return { metadata: { ...job.metadata, name }, spec: job.spec };
}
