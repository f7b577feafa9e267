import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** A kubectl that runs until it is stopped. */
export interface RunningKubectl {
  /** What it has said when it was ready. */
  readonly ready: RegExpExecArray;
  stop(): void;
}

/**
 * Starts a kubectl that goes on, such as a port-forward.
 * @param ready matches the line that it prints when it is ready
 * @param kubectl the program
 * @throws Error when it cannot be started, or ends before it is ready
 */
export async function startKubectl(
  args: readonly string[],
  ready: RegExp,
  kubectl = 'kubectl',
): Promise<RunningKubectl> {
  const child: ChildProcess = spawn(kubectl, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const { stdout } = child;
  if (stdout === null) {
    throw new Error('kubectl has no output.');
  }
  const found = await new Promise<RegExpExecArray>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) =>
      reject(new Error(`"kubectl ${args.join(' ')}" has ended with status ${status}.`)),
    );
    createInterface(stdout).on('line', (line) => {
      const match = ready.exec(line);
      if (match !== null) {
        resolve(match);
      }
    });
  });
  return {
    ready: found,
    stop() {
      child.removeAllListeners('exit');
      child.kill();
    },
  };
}

/**
 * Runs kubectl to its end.
 * @returns what it has printed
 * @throws Error with what it has said when it fails
 */
export async function kubectl(args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('kubectl', args);
  return stdout;
}
