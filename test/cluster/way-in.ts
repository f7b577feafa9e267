import { createServer } from 'node:http';
import type { Agent, AgentOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { createProxyServer } from 'http-proxy-3';
import type { Endpoint } from './gateway';
import type { Kube } from './kube';

/** How requests get from this machine to the gateway's pods. */
export interface Route {
  /**
   * Where the next request goes; undefined while there is nowhere to go.
   * @param last where the last request of this connection went
   */
  next(last: Hop | undefined): Hop | undefined;
  close(): void;
}

export interface Hop {
  readonly endpoint: Endpoint;
  /** The connections to it. */
  readonly agent: Agent;
  /** Called whenever it answers. */
  answered?(): void;
}

export interface WayIn {
  /** A plain HTTP address on this machine. Requests go on to the cluster's gateway over TLS. */
  readonly url: string;
  close(): void;
}

const ANSWER_WITHIN_MS = 60_000;
/** Shorter than the minute after which the gateway closes an idle connection. */
const IDLE_MS = 20_000;
const REPORTED_AFTER_MS = 1_000;

/**
 * Opens an address on this machine for a cluster's gateway.
 * @param open opens the route there
 * @param options.idleMs how long an idle connection to the gateway is kept
 * @param options.say gets why requests were lost on their way
 */
export async function openWayIn(
  { gateway }: Pick<Kube, 'gateway'>,
  open: (tls: AgentOptions) => Promise<Route>,
  { idleMs = IDLE_MS, say = (_: string) => {} } = {},
): Promise<WayIn> {
  const [host, ca] = await Promise.all([gateway.host(), gateway.certificate()]);
  const route = await open({
    // A connection serves many requests. An idle one is closed from here: a request that is sent while the gateway closes it
    // would get no answer.
    keepAlive: true,
    timeout: idleMs,
    servername: host,
    ca,
    // What the gateway presents is trusted by itself: an authority that has issued it may be in no list.
    allowPartialTrustChain: true,
  });
  const proxy = createProxyServer({ headers: { host }, proxyTimeout: ANSWER_WITHIN_MS });
  proxy.on('proxyRes', (_answer, request) => hops.get(request.socket)?.answered?.());
  const hops = new WeakMap<Socket, Hop>();
  const lost = reportLosses(say);
  const server = createServer((request, response) => {
    const hop = route.next(hops.get(request.socket));
    // On an error, the client gets no answer, as with any connection that breaks.
    const fail = (error: NodeJS.ErrnoException) => {
      if (!response.destroyed) {
        lost([error.code ?? error.message, ...(hop ? [`at ${hop.endpoint.host}`] : [])].join(' '));
      }
      response.destroy();
    };
    if (hop === undefined) {
      fail(new Error('the gateway has no pod'));
      return;
    }
    hops.set(request.socket, hop);
    proxy.web(request, response, { target: { protocol: 'https:', ...hop.endpoint }, agent: hop.agent }, fail);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      route.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Tells how many were lost for each reason, a second after the first one. */
function reportLosses(say: (text: string) => void): (reason: string) => void {
  const counts = new Map<string, number>();
  return (reason) => {
    const count = counts.get(reason) ?? 0;
    counts.set(reason, count + 1);
    if (count === 0) {
      setTimeout(() => {
        say(`lost ${counts.get(reason)} requests on their way: ${reason}`);
        counts.delete(reason);
      }, REPORTED_AFTER_MS).unref();
    }
  };
}
