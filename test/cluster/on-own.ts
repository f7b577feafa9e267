import { join } from 'node:path';
import { NAMESPACE } from './kube';
import type { ClusterOptions } from './options';
import { runInside } from './own/inside';
import { CONTEXT } from './own/places';
import { withCluster } from './own/session';
import { aboutStandIns, lacks } from './own/welcome';

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const power = `${quoted(process.execPath)} --enable-source-maps ${quoted(join(__dirname, 'own/command.js'))}`;

/**
 * Runs the cluster test on a cluster of our own: the test runs once more, as a process in the cluster's network.
 * @returns the exit status of the test
 */
export async function testOnOwnCluster(
  nodes: number,
  { buyers, requests, from, alerts, causes, ipFamily }: ClusterOptions,
  say: (text: string) => void,
): Promise<number> {
  const options = [
    ...['--context', CONTEXT, '--without-charts', '--direct', '--power', power],
    ...['--buyers', String(buyers), '--requests', String(requests)],
    ...(from === undefined ? [] : ['--from', from]),
    ...(alerts ? ['--alerts', ...causes.flatMap((text) => ['--causes', text])] : []),
  ];
  return withCluster({ nodes, ipFamily, from }, say, async ({ network }, signal) => {
    say(lacks());
    const test = ['--enable-source-maps', join(__dirname, 'main.js'), ...options];
    const status = await runInside(network, process.execPath, test, signal);
    if (status !== 0 && !signal.aborted) {
      const newest = ['--sort-by=.lastTimestamp'];
      await runInside(network, 'kubectl', ['get', 'pods', '--all-namespaces', '--output', 'wide']);
      await runInside(network, 'kubectl', ['get', 'events', '--namespace', NAMESPACE, ...newest]);
    }
    say(aboutStandIns());
    return status;
  });
}
