import { setTimeout as sleep } from 'node:timers/promises';
import type { CoreV1Api, V1Pod } from '@kubernetes/client-node';
import { isReady, podsToEvict } from './judging';

const POLL_MS = 1_000;
const DRAINED_WITHIN_MS = 5 * 60_000;
const NOTICED_WITHIN_MS = 3 * 60_000;

export type Nodes = ReturnType<typeof nodesOf>;

/**
 * What is done to the nodes of a cluster.
 * @param merge the options of a request whose body is a merge patch
 */
export function nodesOf(core: CoreV1Api, merge: Parameters<CoreV1Api['patchNode']>[1]) {
  async function names(): Promise<string[]> {
    return (await core.listNode()).items.map(({ metadata }) => metadata?.name ?? '');
  }

  /** Returns the nodes that hold a volume of a pod. What is in it may be nowhere else. */
  async function withData(): Promise<Set<string>> {
    const { items } = await core.listPodForAllNamespaces();
    const holders = items.filter(({ spec }) => spec?.volumes?.some((volume) => volume.persistentVolumeClaim));
    return new Set(holders.flatMap(({ spec }) => spec?.nodeName ?? []));
  }

  async function cordon(node: string, unschedulable: boolean): Promise<void> {
    await core.patchNode({ name: node, body: { spec: { unschedulable } } }, merge);
  }

  /**
   * Drains a node like `kubectl drain`: all namespaces, by evictions, which disruption budgets can refuse.
   * @returns the pods that left, and those that were still there after five minutes; they stay
   */
  async function drain(node: string): Promise<{ evicted: string[]; remaining: string[] }> {
    await cordon(node, true);
    const seen = new Set<string>();
    for (const end = Date.now() + DRAINED_WITHIN_MS; ; await sleep(2 * POLL_MS)) {
      const { items } = await core.listPodForAllNamespaces();
      const left = podsToEvict(items, node);
      const remaining = left.map(({ metadata }) => metadata?.name ?? '');
      for (const name of remaining) {
        seen.add(name);
      }
      if (left.length === 0 || Date.now() > end) {
        return { evicted: [...seen].filter((name) => !remaining.includes(name)), remaining };
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

  /** Waits until Kubernetes has noticed that a node is lost, or is back. */
  async function awaitReady(node: string, ready: boolean): Promise<void> {
    for (const end = Date.now() + NOTICED_WITHIN_MS; ; await sleep(POLL_MS)) {
      if (isReady(await core.readNode({ name: node })) === ready) {
        return;
      }
      if (Date.now() > end) {
        throw new Error(`After three minutes, the node ${node} is still ${ready ? 'not ready' : 'ready'}.`);
      }
    }
  }

  return { names, withData, cordon, drain, awaitReady };
}
