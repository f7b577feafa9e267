import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, type AgentOptions } from 'node:https';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kube } from './kube';
import type { Route } from './way-in';

/** A port-forward carries few new connections a second, and drops the others. Each waiting buyer needs one. */
const MAX_CONNECTIONS = 100;
const OPEN_WITHIN_MS = 60_000;

/**
 * Reaches the gateway through `kubectl port-forward`, which any cluster allows. It leads to one pod and ends with that
 * pod, without regard for requests in flight, and is then started again.
 * @param kubectl the program
 * @param withinMs how long it may take to open
 * @throws Error when the gateway is not there, kubectl cannot be started, or it opens no port
 */
export async function forwardTo(
  { context, gateway }: Pick<Kube, 'context' | 'gateway'>,
  tls: AgentOptions,
  { kubectl = 'kubectl', withinMs = OPEN_WITHIN_MS } = {},
): Promise<Route> {
  const { metadata } = await gateway.service();
  const forwarded = ['--namespace', metadata?.namespace ?? '', `service/${metadata?.name}`, ':443'];
  const agent = new Agent({ ...tls, maxSockets: MAX_CONNECTIONS });
  let closed = false;
  let port = 0;
  let forward: ChildProcess | undefined;
  let complaint = '';
  const keepForwarding = async () => {
    for (; !closed; await sleep(500)) {
      forward = spawn(kubectl, ['--context', context, 'port-forward', ...forwarded], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      if (forward.stdout === null || forward.stderr === null) {
        throw new Error('kubectl has no output.');
      }
      createInterface(forward.stderr).on('line', (line) => {
        complaint = line;
      });
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
  const stop = () => {
    closed = true;
    forward?.kill();
    agent.destroy();
  };
  for (const end = Date.now() + withinMs; port === 0; await sleep(100)) {
    if (failure !== undefined || Date.now() > end) {
      stop();
      throw failure ?? new Error(`kubectl port-forward opens no port: ${complaint || 'it does not say why'}`);
    }
  }
  return {
    next: () => ({ endpoint: { host: '127.0.0.1', port }, agent }),
    close: stop,
  };
}
