import { connect } from 'node:net';
import { Agent, type Dispatcher } from 'undici';
import { routes as catalogRoutes } from '../../catalog/src/http';
import type { Purchases } from '../../catalog/src/http/purchases';
import type { Levels } from '../../catalog/src/levels';
import { openQueryCache } from '../../catalog/src/query-cache';
import { openVotes } from '../../catalog/src/votes/votes';
import { routes as orderRoutes } from '../../order/src/http';
import { routes as paymentRoutes } from '../../payment/src/http';
import { OPEN } from '../../shared/access/access';
import type { Route } from '../../shared/http/route';
import { createHttpServer, type HttpServerOptions } from '../../shared/http/server';
import { type Database, openDatabase } from '../../shared/postgres/database';
import type { ParticipantName } from '../../shared/services';
import { routes as stockRoutes } from '../../stock/src/http';
import type { ApiAnswer } from './api-client';
import { createDatabase } from './servers';
import { silent } from './silent';

/** An HTTP server that really listens, and a client for it. */
export interface Edge {
  readonly origin: string;
  readonly port: number;
  call(method: string, path: string, headers?: Record<string, string>): Promise<ApiAnswer>;
  get(path: string): Promise<ApiAnswer>;
  post(path: string, headers?: Record<string, string>): Promise<ApiAnswer>;
  close(): Promise<void>;
}

/** The routes of a service on its own database, without broker and saga. */
export interface ServiceEdge extends Edge {
  readonly database: Database;
  readonly databaseUrl: string;
  readonly routes: readonly Route[];
}

export interface ServiceOptions {
  readonly batchInit?: boolean;
  readonly stockUrl?: string;
  readonly stockWithinMs?: number;
  readonly onStockChanged?: (itemIds: string[]) => void;
  readonly levels?: Pick<Levels, 'get' | 'ask'>;
  readonly purchases?: Purchases;
}

/** @param options of the server, and how many connections the client may open */
export async function openEdge(
  routes: readonly Route[],
  { connections = 200, ...options }: Partial<HttpServerOptions> & { connections?: number } = {},
): Promise<Edge> {
  const server = createHttpServer({ routes, log: silent, access: OPEN, ...options });
  const port = await server.start({ host: '127.0.0.1', port: 0, variable: 'PORT' });
  const origin = `http://127.0.0.1:${port}`;
  const agent = new Agent({ connections });
  const call: Edge['call'] = async (method, path, headers = {}) => {
    const answer = await agent.request({ origin, path, method: method as Dispatcher.HttpMethod, headers });
    const text = await answer.body.text();
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  };
  return {
    origin,
    port,
    call,
    get: (path) => call('GET', path),
    post: (path, headers) => call('POST', path, headers),
    async close() {
      await agent.close();
      await server.stop(1_000);
    },
  };
}

export async function openServiceEdge(
  service: ParticipantName,
  options: ServiceOptions = {},
): Promise<ServiceEdge> {
  const databaseUrl = await createDatabase(service);
  const database = openDatabase({ name: 'test', url: databaseUrl, poolSize: 8, log: silent });
  const routes = routesOf(service, database, options);
  const edge = await openEdge(routes);
  return {
    ...edge,
    database,
    databaseUrl,
    routes,
    async close() {
      await edge.close();
      await database.close();
    },
  };
}

export function routesOf(
  service: ParticipantName,
  database: Database,
  {
    batchInit = true,
    stockUrl = 'http://127.0.0.1:9',
    stockWithinMs,
    onStockChanged = () => undefined,
    levels = { get: () => null, ask: () => undefined },
    purchases = { has: async () => true },
  }: ServiceOptions = {},
): Route[] {
  switch (service) {
    case 'order':
      return orderRoutes({ database, reads: database, batchInit, stockUrl, stockWithinMs });
    case 'payment':
      return paymentRoutes({ database, reads: database, batchInit });
    case 'stock':
      return stockRoutes({ database, reads: database, batchInit, onStockChanged });
    case 'catalog':
      return catalogRoutes({
        ...{ database, reads: database, searches: database, levels, purchases, votes: openVotes(database) },
        cache: openQueryCache(),
        outbox: { store: async () => [], publish: () => undefined },
      });
  }
}

/** Sends bytes as they are. Returns what arrives until the server closes, or until nothing arrives for `quietMs`. */
export async function exchange(port: number, bytes: string | Buffer, quietMs = 60_000): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => undefined);
  socket.setTimeout(quietMs, () => socket.destroy());
  socket.write(bytes);
  // Not events.once(), which would reject on a reset.
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(chunks).toString('latin1');
}

/** Returns the statuses of the answers in the text that `exchange` returned. */
export function statuses(received: string): number[] {
  return [...received.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
}
