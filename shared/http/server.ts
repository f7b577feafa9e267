import { createServer } from 'node:http';
import type { Logger } from '../observe/log';
import { createApp } from './app';
import { answerClientError, answerExpectation } from './client-error';
import { gracefulStop } from './graceful-stop';
import { MAX_CONNECTIONS, SERVER_OPTIONS } from './limits';
import { type Address, listen } from './listen';
import { openapiRoute } from './openapi';
import type { Route } from './route';

export interface HttpServer {
  /** Listens, and returns the port. */
  start(address: Address): Promise<number>;
  /** Makes answers carry `Connection: close`, so that clients reconnect elsewhere before the server stops listening. */
  announceStop(): void;
  /**
   * Takes no new connections, lets the open requests finish for at most `graceMs`, then cuts the rest: a client that
   * sees a reset knows that its outcome is unknown, and asks again.
   */
  stop(graceMs: number): Promise<void>;
}

export interface HttpServerOptions {
  readonly routes: readonly Route[];
  readonly log: Logger;
}

export function createHttpServer({ routes, log }: HttpServerOptions): HttpServer {
  let stopping = false;
  const app = createApp({
    routes: [...routes, openapiRoute(routes)],
    log,
    isStopping: () => stopping,
  });
  const server = createServer(SERVER_OPTIONS, app);
  server.maxConnections = MAX_CONNECTIONS;
  server.maxRequestsPerSocket = 0;
  server.on('clientError', answerClientError);
  server.on('checkExpectation', answerExpectation);
  const stopServer = gracefulStop(server);
  return {
    start: (address) => listen(server, address),
    announceStop() {
      stopping = true;
    },
    async stop(graceMs) {
      stopping = true;
      await stopServer(graceMs);
    },
  };
}
