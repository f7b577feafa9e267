import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../support/free-ports';
import { type RabbitNode, type RabbitPorts, startNode } from '../../support/rabbit-node';
import type { RabbitPrograms } from '../../support/rabbit-programs';
import { runTool } from '../../support/rabbit-tool';

export const credentials = { username: 'guest', password: 'guest' };
const QUEUES_WITHIN_MS = 30_000;

export interface BrokerNodeOptions {
  programs: RabbitPrograms;
  /** The folder of the run. */
  home: string;
  /** The port of the epmd that all nodes share. */
  epmd: number;
  /** The secret that all nodes share. Who knows it can run programs through them. */
  cookie: string;
  say(text: string): void;
  /** Such as "chandlery-1". */
  name: string;
}

type NodePorts = Required<Omit<RabbitPorts, 'metrics'>>;

function start(options: BrokerNodeOptions, home: string, ports: NodePorts): RabbitNode {
  const { programs, say, name, cookie } = options;
  const program = { name: `rabbitmq-${name}`, recordsDir: join(options.home, 'running') };
  return startNode(programs, home, ports, say, {
    member: { name: `${name}@localhost`, cookie, program },
  });
}

/** One node of the broker. */
export class BrokerNode {
  /** Whether it accepts connections, as far as is known. */
  isUp = false;

  private constructor(
    private readonly options: BrokerNodeOptions,
    private readonly home: string,
    private readonly ports: NodePorts,
    private node: RabbitNode,
  ) {}

  /** It accepts connections some seconds later. */
  static async start(options: BrokerNodeOptions): Promise<BrokerNode> {
    const home = join(options.home, options.name);
    const [amqp, management, distribution] = (await freePorts(3)) as [number, number, number];
    const ports = { amqp, management, distribution, epmd: options.epmd };
    return new BrokerNode(options, home, ports, start(options, home, ports));
  }

  get name(): string {
    return `${this.options.name}@localhost`;
  }
  get port(): number {
    return this.ports.amqp;
  }
  get url(): string {
    return `amqp://${credentials.username}:${credentials.password}@127.0.0.1:${this.ports.amqp}`;
  }
  get apiUrl(): string {
    return `http://127.0.0.1:${this.ports.management}/api`;
  }
  get dataFolder(): string {
    return this.node.dataFolder;
  }
  get logFile(): string {
    return join(this.home, 'log/rabbitmq.log');
  }

  /** Kills it. Resolves when it has ended. Its supervisor starts it again, but never at once. */
  async kill(): Promise<void> {
    this.isUp = false;
    await this.node.restart('SIGKILL');
  }

  /** Kills it, and its supervisor does not start it again. Resolves when it has ended. */
  async takeDown(): Promise<void> {
    this.end();
    await this.node.stop();
  }

  /** Like `takeDown`, for when nobody can wait. */
  end(): void {
    this.isUp = false;
    this.node.kill();
  }

  /** Starts it again after it was taken down. */
  startAgain(): void {
    this.node = start(this.options, this.home, this.ports);
  }

  /** Makes this node, which has nothing stored, one of another node's cluster. */
  async join(other: BrokerNode): Promise<void> {
    this.isUp = false;
    await this.control('stop_app');
    await this.control('join_cluster', other.name);
    await this.control('start_app');
    this.isUp = true;
  }

  /** Removes a node that has ended from this node's cluster, and from the members of its queues. */
  async forget(lost: BrokerNode): Promise<void> {
    await this.control('forget_cluster_node', lost.name).catch((error: Error) => {
      // It also shrinks the queues, but not those that are just electing a leader.
      if (!error.message.includes('failed to shrink')) {
        throw error;
      }
    });
    await this.changeQueues('shrink', lost.name);
  }

  /** Puts a copy of every queue on a node of the same cluster. */
  async growQueuesOnto(node: BrokerNode): Promise<void> {
    await this.changeQueues('grow', node.name, 'all');
  }

  /** Changes the members of every queue, again and again until each queue could be changed. */
  private async changeQueues(...change: string[]): Promise<void> {
    let refused = 'not tried';
    for (const end = Date.now() + QUEUES_WITHIN_MS; Date.now() < end; await sleep(500)) {
      refused = await this.tool('rabbitmq-queues', ...change, '--errors-only').catch(
        (error: Error) => error.message,
      );
      if (refused.trim() === '') {
        return;
      }
    }
    throw new Error(`rabbitmq-queues ${change.join(' ')}: ${refused}`);
  }

  /** Runs `rabbitmqctl` with these arguments, and returns what it prints. */
  control(...args: string[]): Promise<string> {
    return this.tool('rabbitmqctl', ...args);
  }

  private tool(program: string, ...args: string[]): Promise<string> {
    const { programs, epmd } = this.options;
    return runTool(programs, { home: this.home, name: this.name, epmd }, program, ...args);
  }
}
