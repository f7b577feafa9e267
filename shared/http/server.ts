import { createServer } from 'node:http';
import type { Logger } from '../observe/log';
import { requestsShed } from '../observe/metrics';
import { createApp } from './app';
import { answerExpectation, answerUnlessWaiting } from './client-error';
import { gracefulStop } from './graceful-stop';
import { openLines } from './in-turn';
import { MAX_CONNECTIONS, SERVER_OPTIONS } from './limits';
import { type Address, listen } from './listen';
import { openapiRoute } from './openapi';
import type { Route } from './route';
import { type Kind, openShedding } from './shedding';

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
  /** The beginnings of paths whose requests may wait for long: see shedding.ts. */
  readonly waits?: readonly string[];
  /** Whether reads or writes would wait too long for a database connection. */
  isBusy?(kind: Kind): boolean;
}

export function createHttpServer({ routes, log, waits = [], isBusy }: HttpServerOptions): HttpServer {
  let stopping = false;
  const app = createApp({
    routes: [...routes, openapiRoute(routes)],
    log,
    isStopping: () => stopping,
  });
  const { handle, refuse } = openShedding({
    handle: app,
    waits,
    log,
    ...(isBusy && { isBusy }),
    onShed: (limit) => requestsShed.inc({ limit }),
  });
  const lines = openLines(refuse);
  const server = createServer(SERVER_OPTIONS, lines.inTurn(handle));
  server.maxConnections = MAX_CONNECTIONS;
  server.maxRequestsPerSocket = 0;
  server.on('clientError', answerUnlessWaiting(lines));
  server.on('checkExpectation', lines.inTurn(answerExpectation));
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
