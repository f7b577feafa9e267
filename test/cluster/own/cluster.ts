import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { run as runHere } from '../../images/engine/commands';
import { applyBasics, awaitAddOns, awaitNodes, installGateway, type RunInside } from './add-ons';
import { makeCertificates } from './certificates';
import { controlPlane } from './control-plane';
import { awaitOwnNetwork, commandEnvironment, inNetworkOf, rememberNetwork } from './inside';
import { removeFiles } from './leftovers';
import { bridgeLines, cableLines, nodeLines } from './network';
import { nodeProgram, prepareNode } from './node';
import { type ClusterNode, folders, nodesOf } from './places';
import { Processes } from './processes';
import { systemPrograms } from './system-programs';

const ANSWERS_WITHIN_MS = 60_000;

interface Settings {
  readonly nodes: number;
  say(text: string): void;
  /** Aborted when the cluster shall end. */
  readonly signal: AbortSignal;
  /** Called when a program of the cluster ends unexpectedly. */
  failed(reason: Error): void;
}

/** A cluster of our own, while it is started and while it runs. */
export class OwnCluster {
  private began = 0;
  private processes: Processes | undefined;
  /** The process that holds the network of the control plane. */
  network = 0;

  constructor(private readonly settings: Settings) {}

  /** Starts everything. If it fails, `end` ends what was started. */
  async start(): Promise<void> {
    this.began = Date.now();
    const nodes = nodesOf(this.settings.nodes);
    const env = await systemPrograms(this.settings.say);
    mkdirSync(folders.logs, { recursive: true });
    await makeCertificates(nodes);
    this.processes = new Processes(env, this.settings.failed);
    await this.startControlPlane(this.processes);
    this.tell('the API server answers');
    await applyBasics(this.inside);
    for (const node of nodes) {
      await this.startNode(this.processes, node, nodes);
    }
    const storage = ['--enable-source-maps', join(__dirname, 'storage/main.js')];
    this.startInside(this.processes, 'storage', process.execPath, storage);
    await awaitNodes(
      this.inside,
      nodes.map(({ name }) => name),
    );
    this.tell('every node is ready');
    await awaitAddOns(this.inside);
    this.tell('names and metrics are served');
    await installGateway(this.inside);
    this.tell('Envoy Gateway runs');
  }

  /** Ends everything, and returns when the last process has ended. */
  async end(keepLogs: boolean): Promise<void> {
    await this.processes?.end();
    await removeFiles(keepLogs);
  }

  /** Runs a program in the cluster's network, and returns what it prints. */
  readonly inside: RunInside = async (program, ...args) => {
    const [command, all] = inNetworkOf(this.network, program, args);
    const { signal } = this.settings;
    try {
      const limits = { env: commandEnvironment(), signal, maxBuffer: 64 * 1024 * 1024 };
      return (await promisify(execFile)(command, all, limits)).stdout;
    } catch (error) {
      signal.throwIfAborted();
      const { stderr = (error as Error).message } = error as { stderr?: string };
      throw new Error(`"${program} ${args.join(' ')}" failed: ${stderr}`);
    }
  };

  private async startControlPlane(processes: Processes): Promise<void> {
    const holder = { name: 'network', command: 'unshare', args: ['--net', '--', 'sleep', 'infinity'] };
    this.network = processes.start(holder);
    await awaitOwnNetwork(this.network);
    rememberNetwork(this.network);
    this.setUp(processes, this.network, bridgeLines());
    const { first, afterwards } = controlPlane();
    for (const { name, command, args } of first) {
      this.startInside(processes, name, command, args);
    }
    await this.awaitServer();
    for (const { name, command, args } of afterwards) {
      this.startInside(processes, name, command, args);
    }
  }

  private async awaitServer(): Promise<void> {
    const { signal } = this.settings;
    const answer = () => this.inside('kubectl', 'get', '--raw', '/readyz').catch(() => '');
    for (const end = Date.now() + ANSWERS_WITHIN_MS; (await answer()) !== 'ok'; await sleep(500)) {
      signal.throwIfAborted();
      if (Date.now() > end) {
        throw new Error(`The API server does not answer. See ${folders.logs}.`);
      }
    }
  }

  private async startNode(
    processes: Processes,
    node: ClusterNode,
    nodes: readonly ClusterNode[],
  ): Promise<void> {
    this.settings.signal.throwIfAborted();
    prepareNode(node);
    const pid = processes.start(nodeProgram(node));
    await awaitOwnNetwork(pid);
    this.setUp(processes, this.network, cableLines(node, pid));
    this.setUp(processes, pid, nodeLines(node, nodes));
  }

  private startInside(processes: Processes, name: string, command: string, args: readonly string[]): void {
    this.settings.signal.throwIfAborted();
    const [program, all] = inNetworkOf(this.network, command, args);
    processes.start({ name, command: program, args: all });
  }

  /** Runs lines of `ip -batch` in the network of a process. */
  private setUp({ env }: Processes, pid: number, lines: readonly string[]): void {
    const [command, args] = inNetworkOf(pid, 'ip', ['-batch', '-']);
    runHere(command, args, { input: lines.join('\n'), env });
  }

  private tell(text: string): void {
    this.settings.say(`  after ${Math.round((Date.now() - this.began) / 1_000)} s: ${text}`);
  }
}
