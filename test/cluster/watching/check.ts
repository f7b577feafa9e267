import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { rules } from '../../k8s/monitoring/sources';
import { findRuleProblems } from '../judging';
import type { Kube } from '../kube';
import { findDashboardProblems, questions } from './dashboards';
import { findTargetProblems, jobsOf } from './judging';
import { openWatchers, PROMETHEUS, type Watchers } from './prometheus';

/** Prometheus may just be starting, if it was on the node that was drained, and evaluates a new rule only after a while. */
const PATIENCE_MS = 3 * 60_000;
const POLL_MS = 5_000;

/** Whether the cluster has the Prometheus that watches the shop. */
export async function hasPrometheus({ core }: Kube): Promise<boolean> {
  const [name] = PROMETHEUS.service.split(':');
  const { items } = await core.listNamespacedService({ namespace: PROMETHEUS.namespace });
  return items.some(({ metadata }) => metadata?.name === name);
}

/**
 * Checks that the cluster's own Prometheus scrapes every pod, evaluates every rule and answers every query of every
 * dashboard. Other tests use another version of Prometheus.
 * @param since when the load began, in seconds of Unix time
 */
export async function checkWatching(
  kube: Kube,
  since: number,
  say: (text: string) => void,
): Promise<boolean> {
  const watchers = await openWatchers(kube.context);
  try {
    const pods = await watchedPods(kube);
    const scraped = pods.flatMap((pod) => jobsOf(pod) ?? []).length;
    const checks: [string, () => Promise<string[]>][] = [
      [`evaluates all ${rules.length} rules`, () => ruleProblems(watchers)],
      [
        `reads all ${scraped} pages of metrics`,
        async () => findTargetProblems(await watchedPods(kube), await watchers.targets()),
      ],
      [
        `has data for all ${questions().length} queries of the dashboards`,
        () => findDashboardProblems(watchers, since),
      ],
    ];
    let works = true;
    for (const [title, find] of checks) {
      const problems = await patiently(find);
      say(
        `Prometheus ${problems.length === 0 ? title : `does not do what it should:\n  ${problems.join('\n  ')}`}`,
      );
      works &&= problems.length === 0;
    }
    return works;
  } finally {
    watchers.close();
  }
}

async function ruleProblems(watchers: Watchers): Promise<string[]> {
  return findRuleProblems(
    await watchers.rules(),
    rules.map(({ alert, record }) => alert ?? record ?? ''),
  );
}

/** Returns the shop's pods, and those of its gateway. */
export async function watchedPods({ pods, gateway }: Kube): Promise<V1Pod[]> {
  return (await Promise.all([pods(), gateway.pods()])).flat();
}

/** Repeats a check until it finds no problem, or for three minutes. */
async function patiently(find: () => Promise<string[]>): Promise<string[]> {
  for (const end = Date.now() + PATIENCE_MS; ; await sleep(POLL_MS)) {
    const problems = await find().catch((error: Error) => [error.message]);
    if (problems.length === 0 || Date.now() > end) {
      return problems;
    }
  }
}
