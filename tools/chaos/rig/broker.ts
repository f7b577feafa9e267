import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { probe } from '../../../shared/rabbit/probe';
import { freePorts } from '../../support/free-ports';
import { endOf } from '../../support/process';
import { startEpmd } from '../../support/rabbit-node';
import { majorOf, ownRabbit } from '../../support/rabbit-programs';
import { BrokerApi } from './broker-api';
import { BrokerNode, credentials } from './broker-node';
import { Link, withPort } from './link';
import { findLostQueues } from './lost-queues';

/** More than any disk has, so that the broker considers its own full. */
const MORE_THAN_ANY_DISK = '1000000GB';
const NORMAL_LIMIT = '200MB';

/** The shop's RabbitMQ, one node or several, which faults can break. */
export interface Broker {
  /** How many nodes it has. */
  readonly size: number;
  /** The AMQP ports of its nodes, but for those that have lost their data and not joined the others again. */
  readonly ports: readonly number[];
  readonly api: BrokerApi;
  /** All that the first node has stored. */
  readonly dataFolder: string;
  /** @param port of a link to the broker; by default one that leads to a node that runs */
  url(port?: number): string;
  /**
   * Kills every node, which its supervisor starts again. Resolves when the broker accepts connections, and with the queues
   * that it has lost: they are deleted by then, as docs/runbooks/QueueWithoutConsumer.md tells an operator to do.
   *
   * @param whileDown changes what the nodes have stored
   */
  restart(whileDown?: () => void): Promise<string[]>;
  /** Kills every node, deletes all that they have stored, and starts them again. Resolves when they accept connections. */
  empty(): Promise<void>;
  /**
   * Kills one node of several, which its supervisor starts again. Resolves when it is back.
   * @param killed called when it has ended
   */
  restartNode(index: number, killed: () => void): Promise<void>;
  /**
   * Kills one node of several and deletes all that it has stored. The others forget it. Then it starts and joins them, as
   * docs/operating.md tells an operator to do. Resolves when every queue has a copy on it again.
   * @param killed called when it has ended
   */
  replaceNode(index: number, killed: () => void): Promise<void>;
  /** Makes the broker close every connection, as an administrator can. */
  closeConnections(): Promise<void>;
  setDiskFull(full: boolean): Promise<void>;
  kill(): void;
}

/** @param wanted how many nodes it has; RabbitMQ 3 has one */
export async function startBroker(
  home: string,
  wanted: number,
  say: (text: string) => void,
): Promise<Broker> {
  const programs = await ownRabbit(say);
  // Three nodes of 3.10.8 lost the leaders of queues for good, when one came back empty soon after all had been killed. The
  // overlays run 4.2.
  const count = majorOf(programs) < 4 ? 1 : wanted;
  const [epmdPort] = (await freePorts(1)) as [number];
  const epmd = startEpmd(programs, home, epmdPort, say);
  const shared = { programs, home, epmd: epmdPort, cookie: randomBytes(16).toString('hex'), say };
  const nodes: BrokerNode[] = [];
  for (let i = 1; i <= count; i++) {
    nodes.push(await BrokerNode.start({ ...shared, name: `chandlery-${i}` }));
  }
  const [first, ...others] = nodes as [BrokerNode, ...BrokerNode[]];
  // Until a node without data has joined the others, it is a broker of its own: it then loses what it has confirmed.
  const members = new Set([first]);
  const join = async (node: BrokerNode, other: BrokerNode) => {
    await node.join(other);
    members.add(node);
  };
  const portsOf = (some: Iterable<BrokerNode>) => Array.from(some, (node) => node.port);
  // Whoever is not a part of the shop is led to a node that runs.
  const link = new Link('the rig to the broker', () => {
    const running = [...members].filter((node) => node.isUp);
    return portsOf(running.length > 0 ? running : members);
  });
  const [linkPort] = (await freePorts(1)) as [number];
  await link.open(linkPort);

  const formCluster = async () => {
    await Promise.all(nodes.map((node) => waitUntilReady(node)));
    // One after the other: Mnesia was killed when two joined at the same moment.
    for (const node of others) {
      await join(node, first);
    }
  };
  /** @param whileDown is done before the supervisors start the nodes again, which they never do at once */
  const restartAll = async (whileDown?: () => void) => {
    await Promise.all(nodes.map((node) => node.kill()));
    whileDown?.();
    await Promise.all(nodes.map((node) => waitUntilReady(node)));
  };
  const control = (...args: string[]) => first.control(...args);

  await formCluster();
  say(`The broker is ${await probe(first.url)}${count > 1 ? `, ${count} nodes` : ''}.`);
  const api = new BrokerApi(() => Array.from(members, (node) => node.apiUrl), credentials);
  return {
    size: count,
    get ports() {
      return portsOf(members);
    },
    api,
    dataFolder: first.dataFolder,
    url: (port = linkPort) => withPort(first.url, port),
    kill() {
      link.close();
      for (const node of nodes) {
        node.end();
      }
      epmd.kill();
    },
    async restart(whileDown) {
      await restartAll(whileDown);
      const lost = await findLostQueues(control);
      if (lost.length > 0) {
        say(
          `RabbitMQ has lost ${lost.join(', ')}, declared just before it was killed. Deleting what is left …`,
        );
      }
      await Promise.all(lost.map((queue) => api.deleteQueue(queue)));
      return lost;
    },
    async empty() {
      // Without "force": if there is nothing to delete, this is not where a node stores its data.
      await restartAll(() => {
        for (const { dataFolder } of nodes) {
          rmSync(dataFolder, { recursive: true, maxRetries: 3 });
        }
        members.clear();
        members.add(first);
      });
      await formCluster();
      // The services have declared queues as soon as one node was up. RabbitMQ spreads them by itself, but not at once.
      for (const node of others) {
        await first.growQueuesOnto(node);
      }
    },
    async restartNode(index, killed) {
      const node = nodes[index] as BrokerNode;
      await node.kill();
      killed();
      await waitUntilReady(node);
    },
    async replaceNode(index, killed) {
      const node = nodes[index] as BrokerNode;
      const helper = nodes.find((other) => other !== node) as BrokerNode;
      await node.takeDown();
      killed();
      rmSync(node.dataFolder, { recursive: true, maxRetries: 3 });
      members.delete(node);
      // A node that runs cannot be forgotten.
      await helper.forget(node).finally(() => node.startAgain());
      await waitUntilReady(node);
      await join(node, helper);
      await helper.growQueuesOnto(node);
    },
    closeConnections: () => api.closeConnections(credentials.username),
    async setDiskFull(full) {
      await control('set_disk_free_limit', full ? MORE_THAN_ANY_DISK : NORMAL_LIMIT);
    },
  };
}

/** Resolves when the node accepts connections. */
async function waitUntilReady(node: BrokerNode): Promise<void> {
  for (const end = Date.now() + 90_000; Date.now() < end; await sleep(100)) {
    if ((await probe(node.url)) !== undefined) {
      node.isUp = true;
      return;
    }
  }
  throw new Error(`RabbitMQ did not start. The end of its log (${node.logFile}):\n${endOf(node.logFile)}`);
}
