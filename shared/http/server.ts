import { createServer } from 'node:http';
import type { Access } from '../access/access';
import type { Logger } from '../observe/log';
import { requestsShed } from '../observe/metrics';
import type { Patience } from '../postgres/patience';
import { createApp } from './app';
import { answerExpectation, answerUnlessWaiting } from './client-error';
import { forOrigins } from './cors';
import { openLines } from './in-turn';
import { originForm, SERVER_OPTIONS } from './limits';
import { type Listener, openListener } from './listener';
import { openapiRoute } from './openapi';
import type { Route } from './route';
import { openRouter } from './router';
import { type Kind, openShedding } from './shedding';

export interface HttpServer extends Listener {
  /** Makes answers carry `Connection: close`, so that clients reconnect elsewhere before the server stops listening. */
  announceStop(): void;
}

export interface HttpServerOptions {
  readonly routes: readonly Route[];
  readonly log: Logger;
  readonly access: Access;
  /** With it, requests wait for a database that is away for a few seconds. */
  readonly patience?: Patience;
  /** The beginnings of paths whose requests may wait for long: see shedding.ts. */
  readonly waits?: readonly string[];
  /** Of pages that may use the API besides the shop's own. */
  readonly origins?: readonly string[];
  /** Whether reads or writes would wait too long for a database connection. */
  isBusy?(kind: Kind): boolean;
}

export function createHttpServer({
  routes,
  log,
  access,
  patience,
  waits = [],
  origins = [],
  isBusy,
}: HttpServerOptions): HttpServer {
  let stopping = false;
  const router = openRouter([...routes, openapiRoute(routes, access)]);
  const app = createApp({
    router,
    log,
    access,
    patience,
    isStopping: () => stopping,
  });
  const { handle, refuse } = openShedding({
    handle: app,
    waits,
    keepsBody: ({ method = '', url = '' }) => router.wantsBody(method, originForm(url) ?? ''),
    log,
    ...(isBusy && { isBusy }),
    onShed: (limit) => requestsShed.inc({ limit }),
  });
  const lines = openLines(refuse);
  const server = createServer(SERVER_OPTIONS, forOrigins(origins, lines.inTurn(handle)));
  server.maxRequestsPerSocket = 0;
  server.on('clientError', answerUnlessWaiting(lines));
  server.on('checkExpectation', lines.inTurn(answerExpectation));
  const listener = openListener(server);
  return {
    start: listener.start,
    announceStop() {
      stopping = true;
    },
    async stop(graceMs) {
      stopping = true;
      await listener.stop(graceMs);
    },
  };
}
