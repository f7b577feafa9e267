import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { V2HorizontalPodAutoscaler } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { root } from '../../shared/root';
import type { Buyers } from './buyers';
import { type Kube, NAMESPACE } from './kube';

const FILE = 'k8s/services/order/autoscaling/autoscaler.yaml';
const POLL_MS = 1_000;
/** One buyer without a pause keeps a replica as busy as many do. */
const QUIET_PAUSE_MS = 2_000;
const SCALED_WITHIN_MS = 5 * 60_000;

/**
 * Returns production's autoscaler of order, made so that a small cluster can move it: production's aims at most of a core
 * for each replica, and waits five minutes before it removes one.
 * @param cpu the use of processor time to aim at, in percent of what a replica requests
 */
export function smallAutoscaler(cpu: number): V2HorizontalPodAutoscaler {
  const autoscaler = parse(readFileSync(join(root, FILE), 'utf8')) as V2HorizontalPodAutoscaler;
  const { spec } = autoscaler;
  const target = spec?.metrics?.[0]?.resource?.target;
  const down = spec?.behavior?.scaleDown;
  if (!spec || !target || !down) {
    throw new Error(`${FILE} has no target for CPU, or does not say how to scale down.`);
  }
  Object.assign(spec, { minReplicas: 1, maxReplicas: 3 });
  target.averageUtilization = cpu;
  down.stabilizationWindowSeconds = 30;
  down.policies = [{ type: 'Pods', value: 1, periodSeconds: 15 }];
  return autoscaler;
}

/** Lets load scale order up and the end of the load scale it down. Returns how many replicas there were. */
export async function scaleByLoad(
  { autoscaling, replicasOf }: Kube,
  buyers: Buyers,
  count: number,
): Promise<string> {
  const autoscaler = smallAutoscaler(100);
  const name = autoscaler.metadata?.name ?? '';
  const began = performance.now();
  const until = async (what: string, reached: (replicas: number) => boolean) => {
    for (const end = Date.now() + SCALED_WITHIN_MS; ; await sleep(POLL_MS)) {
      const replicas = await replicasOf('order');
      if (reached(replicas)) {
        return `${replicas} after ${Math.round((performance.now() - began) / 1_000)} s`;
      }
      if (Date.now() > end) {
        throw new Error(
          `The autoscaler has not scaled order ${what} within five minutes: ${replicas} replicas.`,
        );
      }
    }
  };
  await autoscaling.createNamespacedHorizontalPodAutoscaler({ namespace: NAMESPACE, body: autoscaler });
  try {
    const up = await until('up', (replicas) => replicas > 1);
    buyers.keep(1, QUIET_PAUSE_MS);
    const down = await until('down', (replicas) => replicas === 1);
    return `${up}, ${down}`;
  } finally {
    buyers.keep(count);
    await autoscaling.deleteNamespacedHorizontalPodAutoscaler({ namespace: NAMESPACE, name });
  }
}
