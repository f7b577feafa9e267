import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inGroups, makeGroups } from './cgroups';
import { OwnCluster } from './cluster';
import type { IpFamily } from './families';
import { endLeftovers, lockCluster, makeTemporary } from './leftovers';
import { folders, type Shape } from './places';
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
export function refuseIfMissing(ipFamily: IpFamily = 'ipv4'): void {
  const missing = missingFrom(thisMachine(), ipFamily);
  if (missing.length > 0) {
    throw new Refusal(
      ['Nothing was changed, because a cluster of our own also needs:', ...missing].join('\n  '),
    );
  }
}

/** While this clone's lock is held. */
interface Session {
  /** Aborted when everything shall end. */
  readonly signal: AbortSignal;
  /** Has everything end because of an error. */
  fail(reason: Error): void;
  /** Has something done at the end. The last is done first. */
  atEnd(step: () => Promise<void>): void;
}

/**
 * Starts a cluster, calls a function, and ends the cluster, however the function ends.
 * @param from an earlier release whose images the nodes have as well
 * @param use gets a signal that is aborted when the cluster shall end. Its result is the exit status
 * @throws Refusal, Interrupted, or Error when the cluster cannot be started or one of its programs ends
 */
export async function withCluster(
  shape: Shape,
  say: (text: string) => void,
  use: (cluster: OwnCluster, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const { nodes, ipFamily, from } = shape;
  refuseIfMissing(ipFamily);
  return inSession(say, async ({ signal, fail, atEnd }) => {
    await build(signal, from);
    const env = await systemPrograms(say);
    const cluster = new OwnCluster({ ...shape, env, say, signal, failed: fail });
    atEnd(() => cluster.end());
    say(nodes === 1 ? 'Starting a cluster with one node …' : `Starting a cluster with ${nodes} nodes …`);
    await cluster.start();
    atEnd(keepSwitching(cluster, fail));
    return use(cluster, signal);
  });
}

/** Builds what a cluster needs, and starts none. */
export async function buildOnly(say: (text: string) => void, from: string | undefined): Promise<number> {
  refuseIfMissing();
  return inSession(say, async ({ signal }) => {
    await build(signal, from);
    return 0;
  });
}

/**
 * Calls a function that starts programs of this clone's cluster, and ends whatever it has started, however it ends. An
 * error while ending hides no earlier one, and keeps nothing else from being ended.
 * @param work its result is the exit status
 */
export async function inSession(
  say: (text: string) => void,
  work: (session: Session) => Promise<number>,
): Promise<number> {
  const release = lock();
  const ending = new AbortController();
  const { signal } = ending;
  const stop = () => ending.abort(new Interrupted('The cluster was ended.'));
  for (const name of SIGNALS) {
    process.on(name, stop);
  }
  // The terminal may be gone by the time we print to it.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => {});
  }
  const steps: (() => Promise<unknown>)[] = [];
  const fail = (reason: Error) => ending.abort(reason);
  let problem: unknown;
  let status = 1;
  try {
    await endKilled(say);
    status = await work({ signal, fail, atEnd: (step) => steps.unshift(step) });
    signal.throwIfAborted();
  } catch (error) {
    // A program that has ended explains more than what failed because of that, and is noticed a moment later.
    await sleep(NOTICED_AFTER_MS);
    problem = signal.aborted ? signal.reason : error;
  }
  const wasStarted = steps.length > 0;
  if (wasStarted) {
    say('Ending the cluster …');
  }
  let failed = problem === undefined ? status !== 0 : !(problem instanceof Interrupted);
  for (const step of [...steps, () => endLeftovers(failed)]) {
    try {
      await step();
    } catch (error) {
      say(`Not everything could be ended: ${(error as Error).message}`);
      problem = failed ? problem : error;
      failed = true;
    }
  }
  const hasLogs = existsSync(folders.logs);
  release();
  for (const name of SIGNALS) {
    process.off(name, stop);
  }
  if (hasLogs) {
    say(`The cluster has ended. Its logs stay in ${folders.logs} until the next one starts.`);
  } else if (wasStarted) {
    say('The cluster has ended, and nothing of it is left.');
  }
  if (problem !== undefined) {
    throw problem;
  }
  return status;
}

async function endKilled(say: (text: string) => void): Promise<void> {
  const leftovers = await endLeftovers();
  if (leftovers.length > 0) {
    say(`Ended what a killed run had left behind: ${leftovers.join(', ')}.`);
  }
}

function lock(): () => void {
  try {
    return lockCluster();
  } catch (error) {
    throw new Refusal((error as Error).message);
  }
}

/** Builds what is missing in a process of its own, because it blocks that process for minutes. */
async function build(signal: AbortSignal, from: string | undefined): Promise<void> {
  const release = from === undefined ? [] : ['--from', from];
  const build = ['--enable-source-maps', join(__dirname, 'command.js'), 'build', ...release];
  const [command, args] = inGroups(makeGroups('build'), process.execPath, build);
  // Without the channel, it would not notice that this process was killed.
  const builder = spawn(command, args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, TMPDIR: makeTemporary() },
  });
  const stop = () => builder.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  const [status] = await once(builder, 'exit');
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (status !== 0) {
    throw new Error('Programs or images could not be built; the output above says why.');
  }
}
