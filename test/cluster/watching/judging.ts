import type { V1Pod } from '@kubernetes/client-node';
import { isReady } from '../judging';
import type { Series, Target } from './prometheus';

/** Interprets what Prometheus says about the shop's pods. The functions are pure, so that they can be tested without one. */

const OWNER = 'gateway.envoyproxy.io/owning-gateway-name';

/** Returns the jobs that scrape a pod; undefined for a pod that should be scraped by nobody. */
export function jobsOf({ metadata }: V1Pod): string[] | undefined {
  const labels = metadata?.labels ?? {};
  const name = labels['app.kubernetes.io/name'] ?? '';
  if (labels[OWNER] === 'chandlery') {
    return ['gateway'];
  }
  // Exporters speak for databases. A Job, or a pod of one, is over too soon.
  if (
    labels['chandlery/database'] !== undefined ||
    metadata?.ownerReferences?.some(({ kind }) => kind === 'Job')
  ) {
    return undefined;
  }
  switch (labels['app.kubernetes.io/component']) {
    case 'database-exporter':
      return [name.replace(/-exporter$/, '')];
    case 'broker':
      return ['rabbitmq', 'rabbitmq-queues'];
    default:
      return [name];
  }
}

/** Returns a problem for each pod that is ready and that Prometheus does not scrape, or scrapes in vain. */
export function findTargetProblems(pods: readonly V1Pod[], targets: readonly Target[]): string[] {
  return pods.filter(isReady).flatMap((pod) => {
    const name = pod.metadata?.name ?? '';
    return (jobsOf(pod) ?? []).flatMap((job) => {
      const found = targets.filter(({ labels }) => labels.pod === name && labels.job === job);
      if (found.length !== 1) {
        return [`${name}: ${found.length} targets of the job ${job} instead of one`];
      }
      return found
        .filter(({ health }) => health !== 'up')
        .map(({ health, lastError }) => `${name}: the job ${job} is ${health} (${lastError})`);
    });
  });
}

/** Whether a panel shows anything for these series: NaN and infinity cannot be drawn. */
export function hasData(series: readonly Series[]): boolean {
  return series
    .flatMap(({ value, values = [] }) => [...(value ? [value] : []), ...values])
    .some(([, text]) => Number.isFinite(Number(text)));
}
