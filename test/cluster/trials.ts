import { serviceNames } from '../../shared/services';
import { chooseVictims } from './judging';
import type { Kube } from './kube';

export interface Trial {
  title: string;
  /** Disrupts the cluster. Returns a detail for the log, if there is one. */
  disrupt(): Promise<string | undefined>;
}

const MANY = 3;

/** Returns everything that is done to the shop while buyers check out. */
export async function listTrials(kube: Kube): Promise<Trial[]> {
  const { items: nodes } = await kube.core.listNode();
  const kinds = chooseVictims(await kube.pods()).map(({ kind }) => kind);
  return [
    ...kinds.map((kind) => ({ title: `deleted a pod of ${kind}`, disrupt: () => deletePod(kube, kind) })),
    ...serviceNames.map((name) => ({
      title: `rolled out ${name} again`,
      disrupt: () => withoutDetail(kube.restart(name)),
    })),
    ...serviceNames.map((name) => ({
      title: `scaled ${name} to ${MANY}`,
      disrupt: () => withoutDetail(kube.scale(name, MANY)),
    })),
    ...(nodes.length > 1 ? [{ title: 'drained a node', disrupt: () => drainNode(kube) }] : []),
    ...serviceNames.map((name) => ({
      title: `scaled ${name} to 1`,
      disrupt: () => withoutDetail(kube.scale(name, 1)),
    })),
  ];
}

/** Chooses the pod only now, because a database may have another primary by now. */
async function deletePod(kube: Kube, kind: string): Promise<string | undefined> {
  const victim = chooseVictims(await kube.pods()).find((candidate) => candidate.kind === kind);
  if (!victim) {
    throw new Error(`No pod of ${kind} is ready.`);
  }
  await kube.deletePod(victim.pod);
  return victim.pod.metadata?.name;
}

/** Drains the node of an order pod. Pods that their budget or their disk keeps there stay. Then uncordons the node. */
async function drainNode(kube: Kube): Promise<string> {
  const order = chooseVictims(await kube.pods()).find(({ kind }) => kind === 'order');
  const node = order?.pod.spec?.nodeName;
  if (node === undefined) {
    throw new Error('No pod of order is on a node.');
  }
  try {
    const remaining = await kube.drain(node);
    return remaining.length === 0 ? `${node} is empty` : `${node}, except for ${remaining.join(', ')}`;
  } finally {
    await kube.cordon(node, false);
  }
}

async function withoutDetail(work: Promise<void>): Promise<undefined> {
  await work;
  return undefined;
}
