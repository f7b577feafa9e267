import { checkoutNames } from '../../shared/services';
import { scaleByLoad } from './autoscaling';
import type { Buyers } from './buyers';
import { hardlyNoticed, outage, shortOutage, type Tolerance, unnoticed } from './experience';
import { GATEWAY } from './gateway';
import { chooseVictims, isReady } from './judging';
import type { Kube } from './kube';
import type { ClusterOptions } from './options';
import { type Power, powerBy } from './power';

export interface Trial {
  readonly title: string;
  readonly tolerance: Tolerance;
  /** It goes on until so many requests were sent: the share of failed ones says little when there are few. */
  readonly requests?: number;
  /** Disrupts the cluster. Returns a detail for the log, if there is one. */
  disrupt(): Promise<string | undefined>;
}

const MANY = 3;
const BROKER = 'rabbitmq';

/** Returns what is done to a shop every day, in an order that can be repeated. */
export async function everyday(kube: Kube): Promise<Trial[]> {
  return [
    ...scaleTo(kube, MANY),
    ...(await drain(kube)),
    ...[...checkoutNames, GATEWAY].map((name) => ({
      title: `rolled out ${name} again`,
      tolerance: unnoticed,
      disrupt: () => withoutDetail(kube.restart(name)),
    })),
    ...scaleTo(kube, 1),
  ];
}

/** Returns what is done once: scaling by load, and what nobody does on purpose. */
export async function onlyOnce(kube: Kube, buyers: Buyers, options: ClusterOptions): Promise<Trial[]> {
  const kinds = chooseVictims(await kube.pods()).map(({ kind }) => kind);
  const missing = [BROKER, ...checkoutNames, ...checkoutNames.map((name) => `${name}-db`)].filter(
    (kind) => !kinds.includes(kind),
  );
  if (missing.length > 0) {
    throw new Error(`No pod of ${missing.join(', ')} is ready.`);
  }
  return [
    ...(options.overlay === 'laptop'
      ? [
          {
            title: 'let an autoscaler scale order up and down',
            tolerance: unnoticed,
            disrupt: () => scaleByLoad(kube, buyers, options.buyers),
          },
        ]
      : []),
    ...[...kinds, GATEWAY].map((kind) => ({
      title: `deleted a pod of ${kind}`,
      tolerance: shortOutage,
      disrupt: () => deletePod(kube, kind),
    })),
    ...(await loseNodes(kube, options)),
  ];
}

async function drain(kube: Kube): Promise<Trial[]> {
  const { all, spare } = await nodesOf(kube);
  const node = spare[0] ?? all[0];
  if (node === undefined || all.length < 2) {
    return [];
  }
  const title = spare.length > 0 ? 'drained a node' : 'drained a node that holds data';
  const tolerance = spare.length > 0 ? unnoticed : shortOutage;
  return [{ title, tolerance, disrupt: () => drainNode(kube, node) }];
}

/** Drains a node. Pods that their budget or their disk keeps there stay. Then uncordons the node. */
async function drainNode({ nodes }: Kube, node: string): Promise<string> {
  try {
    const { evicted, remaining } = await nodes.drain(node);
    if (evicted.length === 0) {
      throw new Error(`No pod has left the node ${node}.`);
    }
    const rest = remaining.length === 0 ? '' : `, but not ${remaining.join(', ')}`;
    return `${evicted.length} pods left ${node}${rest}`;
  } finally {
    await nodes.cordon(node, false);
  }
}

/** Switches a node off that holds no data, and then one that does: the overlay `laptop` has one copy of it. */
async function loseNodes(kube: Kube, { power: command, requests }: ClusterOptions): Promise<Trial[]> {
  const { all, spare } = await nodesOf(kube);
  if (command === undefined || all.length < 2) {
    return [];
  }
  const power = powerBy(command);
  const withData = all.find((node) => !spare.includes(node));
  return [
    ...spare.slice(0, 1).flatMap((node) => [
      ...scaleTo(kube, MANY),
      {
        title: 'switched a node off and on',
        tolerance: hardlyNoticed,
        requests: requests / 2,
        disrupt: () => loseNode(kube, power, node),
      },
      ...scaleTo(kube, 1),
    ]),
    ...(withData === undefined
      ? []
      : [
          {
            title: 'switched a node that holds data off and on',
            tolerance: outage,
            disrupt: () => loseData(kube, power, withData),
          },
        ]),
  ];
}

/** @returns after how many seconds its pods were replaced on other nodes */
async function loseNode(kube: Kube, power: Power, node: string): Promise<string> {
  const began = performance.now();
  await power.off(node);
  await kube.nodes.awaitReady(node, false);
  await kube.waitUntilReady();
  const replacedAfterS = Math.round((performance.now() - began) / 1_000);
  await power.on(node);
  await kube.nodes.awaitReady(node, true);
  return `${node}, whose pods were replaced after ${replacedAfterS} s`;
}

async function loseData({ nodes }: Kube, power: Power, node: string): Promise<string> {
  await power.off(node);
  await nodes.awaitReady(node, false);
  await power.on(node);
  await nodes.awaitReady(node, true);
  return node;
}

/** Returns the nodes of the cluster, and which of them hold no data. */
async function nodesOf({ nodes }: Kube): Promise<{ all: string[]; spare: string[] }> {
  const [all, withData] = await Promise.all([nodes.names(), nodes.withData()]);
  return { all, spare: all.filter((name) => !withData.has(name)) };
}

/** Chooses the pod only now, because a database may have another primary by now. */
async function deletePod(kube: Kube, kind: string): Promise<string | undefined> {
  const pods = kind === GATEWAY ? await kube.gateway.pods() : await kube.pods();
  const victim =
    kind === GATEWAY ? pods.find(isReady) : chooseVictims(pods).find((one) => one.kind === kind)?.pod;
  if (!victim) {
    throw new Error(`No pod of ${kind} is ready.`);
  }
  await kube.deletePod(victim);
  return victim.metadata?.name;
}

function scaleTo(kube: Kube, replicas: number): Trial[] {
  return checkoutNames.map((name) => ({
    title: `scaled ${name} to ${replicas}`,
    tolerance: unnoticed,
    disrupt: () => withoutDetail(kube.scale(name, replicas)),
  }));
}

async function withoutDetail(work: Promise<void>): Promise<undefined> {
  await work;
  return undefined;
}
