import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../../../shared/root';
import type { ParticipantName } from '../../../shared/services';
import { isReady } from '../../support/is-ready';
import { endOf, type Program, startProgram } from '../../support/process';
import type { Link } from './link';

export interface ReplicaOptions {
  service: ParticipantName;
  name: string;
  home: string;
  /** The port that its clients' link leads to. */
  port: number;
  internalUrl: URL;
  /** This replica's links: to its database, to the broker, from its clients, and from order to stock. */
  links: { database: Link; broker: Link; clients: Link; stock?: Link };
  settings: Record<string, string>;
  /** Called when the process has exited and no fault asked for it. */
  onUnexpectedExit(description: string): void;
}

const clock = join(root, 'dist/tools/chaos/rig/jumping-date.js');
const READY_WITHIN_MS = 60_000;
/** As long as an orchestrator would wait for a process that was asked to stop. */
const GRACE_MS = 45_000;

/** One process of a service, which faults can break. */
export class Replica {
  private program: Program;
  /** A fault is active on it. There is one at a time. */
  isUnderFault = false;
  /** It is stopped, paused or not ready yet. */
  isDown = false;
  private isExitExpected = false;

  constructor(readonly options: ReplicaOptions) {
    this.program = this.start();
  }

  get service(): ParticipantName {
    return this.options.service;
  }
  get name(): string {
    return this.options.name;
  }
  get port(): number {
    return this.options.port;
  }
  get links(): ReplicaOptions['links'] {
    return this.options.links;
  }

  /** Signals the process and not the process group that it leads, because the group has no other members. */
  signal(signal: NodeJS.Signals): void {
    this.program.child.kill(signal);
  }

  /** Ends the process and starts another. Resolves when that is ready. The signal is sent before this returns. */
  async restart(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await this.end(signal);
    await this.startAgain();
  }

  /** Ends the process. The signal is sent before this returns. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.isExitExpected = true;
    this.isDown = true;
    if (signal === 'SIGKILL') {
      this.program.kill();
    }
    await this.program.stop(GRACE_MS);
  }

  /** Starts another process after `end`. Resolves when it is ready. */
  async startAgain(): Promise<void> {
    this.program = this.start();
    await this.ready();
    this.isDown = false;
  }

  async pause(forMs: number): Promise<void> {
    this.isDown = true;
    this.signal('SIGSTOP');
    await sleep(forMs);
    this.signal('SIGCONT');
    this.isDown = false;
  }

  async ready(): Promise<void> {
    for (const end = Date.now() + READY_WITHIN_MS; !(await isReady(this.options.internalUrl)); ) {
      if (Date.now() > end) {
        throw new Error(`${this.name} was not ready within a minute.`);
      }
      await sleep(50);
    }
  }

  async stop(): Promise<void> {
    this.isExitExpected = true;
    this.signal('SIGCONT');
    await this.program.stop();
  }

  private start(): Program {
    const { name, service, home, settings, onUnexpectedExit } = this.options;
    const logFile = join(home, 'log', `${name}.log`);
    const program = startProgram({
      name,
      command: process.execPath,
      args: ['--enable-source-maps', '--require', clock, join(root, 'dist', service, 'src/main.js')],
      env: { HOST: '127.0.0.1', LOG_FORMAT: 'json', ...settings },
      logFile,
      recordsDir: join(home, 'running'),
    });
    this.isExitExpected = false;
    void program.exited.then(() => {
      if (program !== this.program || this.isExitExpected) {
        return;
      }
      const { exitCode, signalCode } = program.child;
      onUnexpectedExit(`${name} ended unexpectedly (${signalCode ?? exitCode}):\n${endOf(logFile)}`);
      this.program = this.start();
    });
    return program;
  }
}
