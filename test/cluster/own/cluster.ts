import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { run as runHere } from '../../images/engine/commands';
import { applyBasics, awaitAddOns, awaitNodes, installGateway, type RunInside } from './add-ons';
import { makeCertificates } from './certificates';
import { removeGroups } from './cgroups';
import { controlPlane } from './control-plane';
import { type Family, familiesOf } from './families';
import { awaitOwnNetwork, commandEnvironment, inNetworkOf, rememberNetwork } from './inside';
import { awaitMonitoring, startMonitoring } from './monitoring/install';
import { bridgeLines, cableLines, cutLines, nodeLines } from './network';
import { nodeProgram, prepareNode } from './node';
import { type ClusterNode, cgroup, folders, nodesOf, type Shape } from './places';
import { Processes } from './processes';

const COMES_TRUE_WITHIN_MS = 60_000;

interface Settings extends Shape {
  /** The environment of the distribution's programs. */
  readonly env: Readonly<Record<string, string>>;
  say(text: string): void;
  /** Aborted when the cluster shall end. */
  readonly signal: AbortSignal;
  /** Called when a program of the cluster ends unexpectedly. */
  failed(reason: Error): void;
}

/** A cluster of our own, while it is started and while it runs. */
export class OwnCluster {
  private began = 0;
  private readonly processes: Processes;
  private readonly families: readonly Family[];
  readonly nodes: readonly ClusterNode[];
  /** The process that holds the network of the control plane. */
  network = 0;

  constructor(private readonly settings: Settings) {
    this.processes = new Processes(settings.env, settings.failed);
    this.families = familiesOf(settings.ipFamily);
    this.nodes = nodesOf(settings.nodes, settings.ipFamily);
  }

  /** Starts everything. If it fails, `end` ends what was started. */
  async start(): Promise<void> {
    this.began = Date.now();
    const { nodes } = this;
    const names = nodes.map(({ name }) => name);
    mkdirSync(folders.logs, { recursive: true });
    await makeCertificates(nodes, this.families);
    await this.startControlPlane();
    this.tell('the API server answers');
    await applyBasics(this.inside, this.families, names);
    for (const node of nodes) {
      await this.startNode(node);
    }
    const storage = ['--enable-source-maps', join(__dirname, 'storage/main.js')];
    this.startInside('storage', process.execPath, storage);
    await awaitNodes(this.inside, names);
    this.tell('every node is ready');
    await startMonitoring(this.inside);
    await awaitAddOns(this.inside);
    this.tell('names and metrics are served');
    await installGateway(this.inside);
    this.tell('Envoy Gateway runs');
    await awaitMonitoring(this.inside);
    this.tell('Prometheus and Alertmanager run');
  }

  /** Starts a node, or switches it on again: then it has the images and volumes that it had. */
  async startNode(node: ClusterNode): Promise<void> {
    this.settings.signal.throwIfAborted();
    prepareNode(node);
    const pid = this.processes.start(nodeProgram(node, this.settings.from));
    await awaitOwnNetwork(pid);
    this.setUp(this.network, cableLines(node, pid));
    this.setUp(pid, nodeLines(node, this.nodes));
  }

  /** Ends a node as a power failure does. Nobody is told. */
  async powerOff({ name }: ClusterNode): Promise<void> {
    // Otherwise the kernel would still say goodbye for the programs that it ends.
    this.setUp(this.network, cutLines(name));
    await this.processes.endOne(name);
    await removeGroups(join(cgroup, name));
  }

  /** Ends everything in order. */
  async end(): Promise<void> {
    await this.processes.end();
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

  private async startControlPlane(): Promise<void> {
    const holder = { name: 'network', command: 'unshare', args: ['--net', '--', 'sleep', 'infinity'] };
    this.network = this.processes.start(holder);
    await awaitOwnNetwork(this.network);
    rememberNetwork(this.network);
    this.setUp(this.network, bridgeLines(this.families));
    const { first, afterwards } = controlPlane(this.families);
    for (const { name, command, args } of first) {
      this.startInside(name, command, args);
    }
    await this.awaitServer();
    for (const { name, command, args } of afterwards) {
      this.startInside(name, command, args);
    }
  }

  private async awaitServer(): Promise<void> {
    const answer = () => this.inside('kubectl', 'get', '--raw', '/readyz').catch(() => '');
    await this.until('The API server answers', async () => (await answer()) === 'ok');
  }

  private async until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + COMES_TRUE_WITHIN_MS; !(await isTrue()); await sleep(500)) {
      this.settings.signal.throwIfAborted();
      if (Date.now() > end) {
        throw new Error(`This is still not true after a minute: ${what}. See ${folders.logs}.`);
      }
    }
  }

  private startInside(name: string, command: string, args: readonly string[]): void {
    this.settings.signal.throwIfAborted();
    const [program, all] = inNetworkOf(this.network, command, args);
    this.processes.start({ name, command: program, args: all });
  }

  /** Runs lines of `ip -batch` in the network of a process. */
  private setUp(pid: number, lines: readonly string[]): void {
    const [command, args] = inNetworkOf(pid, 'ip', ['-batch', '-']);
    runHere(command, args, { input: lines.join('\n'), env: this.settings.env });
  }

  private tell(text: string): void {
    this.settings.say(`  after ${Math.round((Date.now() - this.began) / 1_000)} s: ${text}`);
  }
}
