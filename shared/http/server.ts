import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../observe/log';
import { createApp } from './app';
import { answerClientError } from './client-error';
import { MAX_CONNECTIONS, SERVER_OPTIONS } from './limits';
import { type Address, listen } from './listen';
import { openapiRoute } from './openapi';
import type { Route } from './route';

export interface HttpServer {
  /** Listens, and returns the port. */
  start(address: Address): Promise<number>;
  /** From now on answers carry `Connection: close`, so that clients move on before the listener goes. */
  announceStop(): void;
  /**
   * Takes no new connections, lets the requests in flight finish for at most `graceMs`, then cuts what is left: a
   * client that sees a reset knows that its outcome is unknown, and asks again.
   */
  stop(graceMs: number): Promise<void>;
}

/** How long a connection on which nothing has been asked yet may still ask, once the server stops. */
const LAST_CHANCE_MS = 1_000;

export interface HttpServerOptions {
  readonly routes: readonly Route[];
  readonly log: Logger;
}

export function createHttpServer({ routes, log }: HttpServerOptions): HttpServer {
  let stopping = false;
  const app = createApp({
    routes: [...routes, openapiRoute(routes)],
    log,
    stopping: () => stopping,
  });
  const server = createServer(SERVER_OPTIONS, app.callback());
  server.maxConnections = MAX_CONNECTIONS;
  server.maxRequestsPerSocket = 0;
  server.on('clientError', answerClientError);
  const silent = trackSilent(server);
  return {
    start: (address) => listen(server, address),
    announceStop() {
      stopping = true;
    },
    async stop(graceMs) {
      stopping = true;
      if (!server.listening) {
        return;
      }
      const closed = once(server, 'close');
      server.close();
      const lastChance = setTimeout(() => {
        for (const socket of silent) socket.destroy();
      }, LAST_CHANCE_MS);
      const patience = new AbortController();
      await Promise.race([closed, sleep(graceMs, undefined, { signal: patience.signal, ref: false })]);
      patience.abort();
      clearTimeout(lastChance);
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * The connections on which no request has arrived yet: a balancer opens some in advance. Node does not count them as
 * idle, so that a server that is closing would wait for them until its grace is over.
 */
function trackSilent(server: Server): ReadonlySet<Socket> {
  const silent = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  server.on('request', ({ socket }) => silent.delete(socket));
  return silent;
}
