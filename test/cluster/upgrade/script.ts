import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/**
 * Runs the deploy script of a release, while this process goes on. What the script starts ends with it: that of 0.1.0
 * leaves a port-forward behind.
 * @param sources the folder of the release
 * @returns the exit status
 */
export async function runDeployScript(sources: string, args: readonly string[]): Promise<number> {
  const script = spawn(join(sources, 'deploy-to-cluster.sh'), args, { stdio: 'inherit', detached: true });
  return endOfGroup(script);
}

/**
 * Runs lines of shell as a person would paste them, until one fails.
 * @param context what every kubectl in them uses
 * @throws Error with the exit status, when one fails
 */
export async function runShell(lines: string, context: string): Promise<void> {
  const kubectl = 'kubectl() { command kubectl --context "$CONTEXT" "$@"; }';
  const shell = spawn('bash', ['-euo', 'pipefail', '-c', `${kubectl}\n${lines}`], {
    stdio: 'inherit',
    detached: true,
    env: { ...process.env, CONTEXT: context },
  });
  const status = await endOfGroup(shell);
  if (status !== 0) {
    throw new Error(`These commands failed with exit status ${status}:\n${lines}`);
  }
}

/** Waits for the end of a process that leads a group, and ends the rest of the group, also when this process ends first. */
async function endOfGroup(leader: ChildProcess): Promise<number> {
  const end = () => {
    try {
      process.kill(-(leader.pid ?? Number.NaN), 'SIGTERM');
    } catch {
      // Nothing of it is left.
    }
  };
  process.once('exit', end);
  try {
    const [status] = await once(leader, 'exit');
    return typeof status === 'number' ? status : 1;
  } finally {
    process.off('exit', end);
    end();
  }
}
