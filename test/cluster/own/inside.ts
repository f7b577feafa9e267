import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOf } from '../../../tools/support/process';
import { inGroups, makeGroups } from './cgroups';
import { home, kubeconfig } from './places';
import { programFolders } from './programs/modules';

/** How programs of the machine get into the cluster's network, the only place where the cluster can be reached. */

interface Network {
  readonly pid: number;
  readonly startedAt: string | undefined;
}

const record = join(home, 'network.json');
const NAMESPACE_WITHIN_MS = 10_000;

/** Records the process that holds the network, for commands in other terminals. */
export function rememberNetwork(pid: number): void {
  const network: Network = { pid, startedAt: startOf(pid) };
  writeFileSync(record, JSON.stringify(network));
}

/** Returns the process that holds the network of the cluster that runs; undefined when none runs. */
export function rememberedNetwork(): number | undefined {
  try {
    const { pid, startedAt } = JSON.parse(readFileSync(record, 'utf8')) as Network;
    return startOf(pid) === startedAt ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the command that runs another one in the network of a process. */
export function inNetworkOf(pid: number, command: string, args: readonly string[]): [string, string[]] {
  return ['nsenter', [`--net=/proc/${pid}/ns/net`, '--', command, ...args]];
}

/** Waits until a process that was started with `unshare --net` has left the machine's network. */
export async function awaitOwnNetwork(pid: number): Promise<void> {
  const networkOf = (process: number | 'self') => readlinkSync(`/proc/${process}/ns/net`);
  for (const end = Date.now() + NAMESPACE_WITHIN_MS; networkOf(pid) === networkOf('self'); await sleep(10)) {
    if (Date.now() > end) {
      throw new Error('A program did not get a network of its own.');
    }
  }
}

/**
 * The environment in which kubectl and helm are those of the cluster, reach it, and leave nothing elsewhere. No proxy of
 * the machine can be reached there.
 */
export function commandEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name));
  return {
    ...Object.fromEntries(inherited),
    PATH: [...programFolders(), process.env.PATH ?? ''].join(delimiter),
    KUBECONFIG: kubeconfig,
    KUBECACHEDIR: join(home, 'kubectl'),
    HELM_CACHE_HOME: join(home, 'helm/cache'),
    HELM_CONFIG_HOME: join(home, 'helm/config'),
    HELM_DATA_HOME: join(home, 'helm/data'),
  };
}

/**
 * Runs a command of a person, or a test, in the cluster's network. Returns its exit status.
 * @param signal for a test: when it is aborted, the test ends, and it ends with the cluster in any case
 */
export async function runInside(
  network: number,
  command: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<number> {
  const inNetwork = inNetworkOf(network, command, args);
  const [program, all] = signal === undefined ? inNetwork : inGroups(makeGroups('test'), ...inNetwork);
  const child = spawn(program, all, { stdio: 'inherit', env: commandEnvironment() });
  const stop = () => child.kill('SIGTERM');
  signal?.addEventListener('abort', stop, { once: true });
  const [status] = await once(child, 'exit');
  signal?.removeEventListener('abort', stop);
  return typeof status === 'number' ? status : 1;
}
