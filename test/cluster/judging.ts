import type { V1CronJob, V1Deployment, V1Job, V1Node, V1Pod, V1StatefulSet } from '@kubernetes/client-node';

/** Interprets the answers of a cluster. The functions are pure, so that they can be tested without one. */

export function isReady({ metadata, status }: V1Pod | V1Node): boolean {
  if (metadata?.deletionTimestamp !== undefined) {
    return false;
  }
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** Whether all wanted replicas are ready and of the newest revision, and there are no others. */
export function isRolledOut({ metadata, spec, status }: V1Deployment | V1StatefulSet): boolean {
  const wanted = spec?.replicas ?? 1;
  const { observedGeneration = 0, replicas = 0, readyReplicas = 0, updatedReplicas = 0 } = status ?? {};
  if (observedGeneration < (metadata?.generation ?? 0)) {
    return false;
  }
  return replicas === wanted && readyReplicas === wanted && updatedReplicas === wanted;
}

/** Returns undefined while the Job runs. */
export function jobResult({ status }: V1Job): 'succeeded' | 'failed' | undefined {
  const trueConditions = status?.conditions
    ?.filter((condition) => condition.status === 'True')
    .map(({ type }) => type);
  if (trueConditions?.includes('Complete')) {
    return 'succeeded';
  }
  return trueConditions?.includes('Failed') ? 'failed' : undefined;
}

/** Returns the pods to evict from a node: pods of a DaemonSet would come back at once, and static pods cannot leave. */
export function podsToEvict(pods: readonly V1Pod[], node: string): V1Pod[] {
  return pods.filter(({ metadata, spec, status }) => {
    const stays = metadata?.ownerReferences?.some(({ kind }) => kind === 'DaemonSet' || kind === 'Node');
    return spec?.nodeName === node && !stays && !['Succeeded', 'Failed'].includes(status?.phase ?? '');
  });
}

/** Chooses a pod of each kind to delete: the primary of a replicated database, else any. */
export function chooseVictims(pods: readonly V1Pod[]): { kind: string; pod: V1Pod }[] {
  const victims = new Map<string, V1Pod>();
  for (const pod of pods.filter(isReady)) {
    const labels = pod.metadata?.labels ?? {};
    const isOfJob = pod.metadata?.ownerReferences?.some(({ kind }) => kind === 'Job');
    if (isOfJob || labels['cnpg.io/instanceRole'] === 'replica') {
      continue;
    }
    const kind = labels['cnpg.io/cluster'] ?? labels['app.kubernetes.io/name'];
    if (kind !== undefined && !victims.has(kind)) {
      victims.set(kind, pod);
    }
  }
  return [...victims].map(([kind, pod]) => ({ kind, pod })).sort((a, b) => a.kind.localeCompare(b.kind));
}

/** The parts of Prometheus' answer to /api/v1/rules that are used here. */
export interface RuleGroups {
  groups: { rules: { name: string; health: string; lastError?: string }[] }[];
}

/** Returns a problem for each expected rule that Prometheus does not have, or could not evaluate the last time. */
export function findRuleProblems({ groups }: RuleGroups, expected: readonly string[]): string[] {
  const rules = groups.flatMap((group) => group.rules);
  return expected.flatMap((name) => {
    const found = rules.filter((rule) => rule.name === name);
    if (found.length === 0) {
      return [`${name}: not in Prometheus`];
    }
    return found
      .filter(({ health }) => health !== 'ok')
      .map(({ health, lastError }) => `${name}: ${lastError ?? health}`);
  });
}

/** Returns a Job that runs the auditor once, made from the CronJob that operators use for their Jobs. */
export function auditJob(operate: V1CronJob, name: string): V1Job {
  const job = structuredClone(operate.spec?.jobTemplate);
  const container = job?.spec?.template.spec?.containers[0];
  if (!job?.spec || !container) {
    throw new Error('The CronJob "operate" has no container.');
  }
  container.args = ['dist/tools/audit/main.js'];
  return { metadata: { ...job.metadata, name }, spec: job.spec };
}
