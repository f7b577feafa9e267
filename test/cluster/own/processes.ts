import { join } from 'node:path';
import { endOf, type Program, startProgram } from '../../../tools/support/process';
import { commandEnvironment } from './inside';
import { folders } from './places';
import { programFolders } from './programs/modules';

/** etcd and the API server finish what they are doing. */
const STOP_GRACE_MS = 15_000;

export interface Wanted {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stopSignal?: NodeJS.Signals;
}

/** The programs of a cluster. When one of them ends by itself, the cluster is of no more use. */
export class Processes {
  private readonly running = new Map<string, Program>();
  private stopping = false;

  /**
   * @param env the environment of the distribution's programs
   * @param failed is called when a program ends unexpectedly
   */
  constructor(
    readonly env: Readonly<Record<string, string>>,
    private readonly failed: (reason: Error) => void,
  ) {}

  /** @returns the id of the process */
  start({ name, command, args, env, stopSignal = 'SIGTERM' }: Wanted): number {
    const logFile = join(folders.logs, `${name}.log`);
    const path = [...programFolders(), this.env.PATH].join(':');
    const program = startProgram({
      name,
      command,
      args,
      env: { ...commandEnvironment(), ...this.env, PATH: path, ...env },
      logFile,
      recordsDir: folders.running,
      stopSignal,
    });
    this.running.set(name, program);
    void program.exited.then(() => {
      if (!this.stopping && this.running.get(name) === program) {
        this.failed(new Error(`${name} has ended unexpectedly. The end of ${logFile}:\n${endOf(logFile)}`));
      }
    });
    if (program.child.pid === undefined) {
      throw new Error(`${command} cannot be started: check that it is installed.`);
    }
    return program.child.pid;
  }

  /** Ends one of them, which does not end the cluster. */
  async endOne(name: string): Promise<void> {
    const program = this.running.get(name);
    this.running.delete(name);
    await program?.stop(STOP_GRACE_MS);
  }

  /** Ends all of them, the last started first. */
  async end(): Promise<void> {
    this.stopping = true;
    for (const program of [...this.running.values()].reverse()) {
      await program.stop(STOP_GRACE_MS);
    }
  }
}
