import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, type AgentOptions } from 'node:https';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kube } from './kube';
import type { Route } from './way-in';

/** A port-forward carries few new connections a second, and drops the others. Each waiting buyer needs one. */
const MAX_CONNECTIONS = 100;

/**
 * Reaches the gateway through `kubectl port-forward`, which any cluster allows. It leads to one pod and ends with that
 * pod, without regard for requests in flight, and is then started again.
 * @param kubectl the program
 * @throws Error when the gateway is not there, or kubectl cannot be started
 */
export async function forwardTo(
  { context, gateway }: Pick<Kube, 'context' | 'gateway'>,
  tls: AgentOptions,
  kubectl = 'kubectl',
): Promise<Route> {
  const { metadata } = await gateway.service();
  const forwarded = ['--namespace', metadata?.namespace ?? '', `service/${metadata?.name}`, ':443'];
  const agent = new Agent({ ...tls, maxSockets: MAX_CONNECTIONS });
  let closed = false;
  let port = 0;
  let forward: ChildProcess | undefined;
  const keepForwarding = async () => {
    for (; !closed; await sleep(500)) {
      forward = spawn(kubectl, ['--context', context, 'port-forward', ...forwarded], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      if (forward.stdout === null) {
        throw new Error('kubectl has no output.');
      }
      createInterface(forward.stdout).on('line', (line) => {
        port = Number(/^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? port);
      });
      await once(forward, 'exit');
    }
  };
  let failure: unknown;
  keepForwarding().catch((error) => {
    failure = error;
  });
  while (port === 0) {
    if (failure !== undefined) {
      throw failure;
    }
    await sleep(100);
  }
  return {
    next: () => ({ endpoint: { host: '127.0.0.1', port }, agent }),
    close() {
      closed = true;
      forward?.kill();
      agent.destroy();
    },
  };
}
