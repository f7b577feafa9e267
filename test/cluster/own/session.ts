import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { takeLock } from '../../../tools/support/run-lock';
import { OwnCluster } from './cluster';
import { endLeftovers } from './leftovers';
import { folders, home } from './places';
import { keepSwitching } from './power';
import { missingFrom, thisMachine } from './requirements';
import { systemPrograms } from './system-programs';

/** Something must be put right first, and nothing was changed. */
export class Refusal extends Error {}
/** Somebody has asked for the end, with Ctrl-C or with `npm run cluster -- down`. */
export class Interrupted extends Error {}

const NOTICED_AFTER_MS = 200;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** @throws Refusal with everything that this machine lacks */
export function refuseIfMissing(): void {
  const missing = missingFrom(thisMachine());
  if (missing.length > 0) {
    throw new Refusal(
      ['Nothing was changed, because a cluster of our own also needs:', ...missing].join('\n  '),
    );
  }
}

/**
 * Starts a cluster, calls a function, and ends the cluster, however the function ends.
 * @param from an earlier release whose images the nodes have as well
 * @param use gets a signal that is aborted when the cluster shall end. Its result is the exit status
 * @throws Refusal, Interrupted, or Error when the cluster cannot be started or one of its programs ends
 */
export async function withCluster(
  { nodes, from }: { nodes: number; from: string | undefined },
  say: (text: string) => void,
  use: (cluster: OwnCluster, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  refuseIfMissing();
  const release = lock();
  const ending = new AbortController();
  const { signal } = ending;
  for (const name of SIGNALS) {
    process.on(name, () => ending.abort(new Interrupted('The cluster was ended.')));
  }
  // The terminal may be gone by the time we print to it.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => {});
  }
  let cluster: OwnCluster | undefined;
  let stopSwitching = async () => {};
  let failed = true;
  try {
    await prepare(say, signal, from);
    const env = await systemPrograms(say);
    cluster = new OwnCluster({ nodes, from, env, say, signal, failed: (reason) => ending.abort(reason) });
    say(nodes === 1 ? 'Starting a cluster with one node …' : `Starting a cluster with ${nodes} nodes …`);
    await cluster.start();
    stopSwitching = keepSwitching(cluster, (reason) => ending.abort(reason));
    const status = await use(cluster, signal);
    signal.throwIfAborted();
    failed = status !== 0;
    return status;
  } catch (error) {
    // A program that has ended explains more than what failed because of that, and is noticed a moment later.
    await sleep(NOTICED_AFTER_MS);
    failed = !(signal.reason instanceof Interrupted);
    signal.throwIfAborted();
    throw error;
  } finally {
    say('Ending the cluster …');
    await stopSwitching();
    await cluster?.end(failed);
    release();
    if (failed && existsSync(folders.logs)) {
      say(`The cluster has ended. Its logs stay in ${folders.logs} until the next one starts.`);
    } else {
      rmSync(home, { recursive: true, force: true });
      say('The cluster has ended, and nothing of it is left.');
    }
  }
}

/** Ends what a killed run has left behind, and builds what is missing. */
async function prepare(say: (text: string) => void, signal: AbortSignal, from?: string): Promise<void> {
  const leftovers = await endLeftovers();
  if (leftovers.length > 0) {
    say(`Ended what a killed run had left behind: ${leftovers.join(', ')}.`);
  }
  await build(signal, from);
}

function lock(): () => void {
  try {
    return takeLock(home);
  } catch (error) {
    throw new Refusal((error as Error).message);
  }
}

/** Builds what is missing in a process of its own, because it blocks that process for minutes. */
async function build(signal: AbortSignal, from?: string): Promise<void> {
  const release = from === undefined ? [] : ['--from', from];
  const args = ['--enable-source-maps', join(__dirname, 'command.js'), 'build', ...release];
  // Without the channel, it would not notice that this process was killed.
  const builder = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const stop = () => builder.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  const [status] = await once(builder, 'exit');
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (status !== 0) {
    throw new Error('Programs or images could not be built; the output above says why.');
  }
}
