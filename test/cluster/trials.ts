import { serviceNames } from '../../shared/services';
import { victims } from './judging';
import type { Kube } from './kube';

export interface Trial {
  title: string;
  /** Breaks something, and resolves when it has been broken; what a person should know of it is answered. */
  strike(): Promise<string | undefined>;
}

const MANY = 3;

/** Everything that is done to the shop while it sells. */
export async function trials(kube: Kube): Promise<Trial[]> {
  const { items: nodes } = await kube.core.listNode();
  const lost = victims(await kube.pods()).map(({ kind }) => kind);
  return [
    ...lost.map((kind) => ({ title: `a pod of ${kind} is deleted`, strike: () => losePod(kube, kind) })),
    ...serviceNames.map((name) => ({
      title: `${name} is rolled out anew`,
      strike: () => quietly(kube.restart(name)),
    })),
    ...serviceNames.map((name) => ({
      title: `${name} is scaled to ${MANY}`,
      strike: () => quietly(kube.scale(name, MANY)),
    })),
    ...(nodes.length > 1 ? [{ title: 'a node is drained', strike: () => drainNode(kube) }] : []),
    ...serviceNames.map((name) => ({
      title: `${name} is scaled to 1`,
      strike: () => quietly(kube.scale(name, 1)),
    })),
  ];
}

/** The pod is looked for when its time has come: a database may have another primary by then. */
async function losePod(kube: Kube, kind: string): Promise<string | undefined> {
  const victim = victims(await kube.pods()).find((one) => one.kind === kind);
  if (!victim) {
    throw new Error(`There is no pod of ${kind} that is ready.`);
  }
  await kube.remove(victim.pod);
  return victim.pod.metadata?.name;
}

/** The node that an order pod is on. What its budget or its disk keeps there stays; afterwards the node is used again. */
async function drainNode(kube: Kube): Promise<string> {
  const order = victims(await kube.pods()).find(({ kind }) => kind === 'order');
  const node = order?.pod.spec?.nodeName;
  if (node === undefined) {
    throw new Error('No pod of order is on any node.');
  }
  try {
    const stayed = await kube.drain(node);
    return stayed.length === 0 ? `${node} is empty` : `${node}, but for ${stayed.join(', ')}`;
  } finally {
    await kube.cordon(node, false);
  }
}

async function quietly(work: Promise<void>): Promise<undefined> {
  await work;
  return undefined;
}
