// One address for the services on one machine. In a cluster, Envoy Gateway takes its place.
import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { createProxyServer } from 'http-proxy-3';
import { errorsIn } from '../../shared/errors';
import { bodyOf } from '../../shared/http/body';
import { answerExpectation, answerUnlessWaiting } from '../../shared/http/client-error';
import { openLines } from '../../shared/http/in-turn';
import { MAX_CONNECTIONS, originForm, SERVER_OPTIONS } from '../../shared/http/limits';
import { openListener } from '../../shared/http/listener';
import { type Answer, problem, type Refusal, serialize, unavailable } from '../../shared/http/problem';
import { openShedding } from '../../shared/http/shedding';
import { createLogger } from '../../shared/observe/log';
import { perService, type ServiceName, serviceNames, serviceOfPath, services } from '../../shared/services';
import { gatewayConfig } from './config';
import { mergedDocument } from './openapi';
import { type Replica, watchReplicas } from './replicas';

const config = gatewayConfig();
const log = createLogger({ service: 'gateway', level: config.LOG_LEVEL, format: config.LOG_FORMAT });
const replicasOf = perService((name) =>
  watchReplicas(config.services[name].urls, config.services[name].internalUrls),
);

/** A shop for measurements has no accounts. */
const served = serviceNames.filter((name) => config.services[name].urls.length > 0);

function serviceOf(path: string): ServiceName | undefined {
  const name = serviceOfPath(path);
  return name !== undefined && served.includes(name) ? name : undefined;
}

/** Longer than a checkout ever waits for its outcome. */
const ANSWER_TIMEOUT_MS = 60_000;
const DRAIN_MS = 30_000;

const proxy = createProxyServer({
  // A request never waits in the agent for a socket: there are no more requests at a time than connections.
  agent: new Agent({ keepAlive: true, maxSockets: MAX_CONNECTIONS, maxFreeSockets: 1024 }),
  proxyTimeout: ANSWER_TIMEOUT_MS,
  xfwd: true,
  // Paths are forwarded unchanged: the services interpret and validate them.
  toProxy: true,
  prependPath: false,
});
proxy.on('proxyRes', (answer, _request, response) => {
  // If an answer is cut off, so is ours: the client must not keep waiting for the rest.
  answer.once('close', () => {
    if (!answer.complete) {
      response.destroy();
    }
  });
});

/** Each service has its own, so that one which is slow to answer keeps nobody from the others. */
const shedding = perService((name) =>
  openShedding({
    handle: handleRequest,
    waits: services[name].waits,
    keepsBody: () => true,
    log: log.child({ to: name }),
  }),
);
const sheddingOfOwn = openShedding({ handle: handleRequest, waits: [], keepsBody: () => false, log });
const lines = openLines(sheddingOfOwn.refuse);
const server = createServer(SERVER_OPTIONS, lines.inTurn(handle));
server.on('clientError', answerUnlessWaiting(lines));
server.on('checkExpectation', lines.inTurn(answerExpectation));
const listener = openListener(server);

function handle(request: IncomingMessage, response: ServerResponse): void {
  const name = serviceOf(originForm(request.url ?? '') ?? '');
  (name === undefined ? sheddingOfOwn : shedding[name]).handle(request, response);
}

async function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  refusal?: Refusal,
): Promise<void> {
  if (refusal === undefined) {
    answer(request, response);
  } else {
    send(request, response, refusal.answer);
  }
  if (!response.closed) {
    await new Promise((resolve) => response.once('close', resolve));
  }
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const name = serviceOf(request.url ?? '');
  if (name !== undefined) {
    forward(request, response, replicasOf[name].inTurn());
  } else {
    void answerSelf(request, response);
  }
}

/** Tries one replica after the other, but continues only when it is certain that nothing was sent. */
function forward(request: IncomingMessage, response: ServerResponse, replicas: readonly Replica[]): void {
  const [replica, ...others] = replicas;
  if (replica === undefined) {
    const detail =
      'No replica of the service can be reached, so nothing was done. Repeat the request in a moment.';
    send(request, response, unavailable(detail));
    return;
  }
  try {
    proxy.web(request, response, { target: replica.url, ...withBody(request) }, (error) => {
      if (response.headersSent || response.destroyed) {
        response.destroy();
        return;
      }
      if (wasNotSent(error)) {
        forward(request, response, others);
        return;
      }
      log.warn(
        { err: error, replica: replica.url.href },
        'lost the connection to a replica during a request; answering 502',
      );
      const detail =
        'The connection to the service was lost before it answered, so the outcome is unknown. It is safe to repeat ' +
        'a checkout. Before you repeat anything else, check what happened, or send the same Idempotency-Key again.';
      send(request, response, problem(502, { reason: 'outcome_unknown', detail }));
    });
  } catch (error) {
    log.warn({ err: error }, 'could not forward a request; answering 400');
    send(request, response, problem(400, { detail: 'The request cannot be forwarded in this form.' }));
  }
}

/** Whether there was no connection: refused, or, where the name of the replica has several addresses, with none of them. */
function wasNotSent(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ECONNREFUSED' || errorsIn(error).length > 0;
}

/**
 * A body is read here to its end, and forwarded with its length, so that gateway and service cannot disagree about where it
 * ends.
 */
function withBody(request: IncomingMessage): { buffer?: Readable } {
  const { headers } = request;
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) {
    return {};
  }
  const body = bodyOf(request);
  headers['content-length'] = String(body.length);
  delete headers['transfer-encoding'];
  return { buffer: Readable.from(body.length > 0 ? [body] : []) };
}

async function answerSelf(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url?.split('?')[0];
  const detail = `Paths begin with ${served
    .map((name) => `/${services[name].path}`)
    .join(', ')}; /openapi.json describes them.`;
  if (path === '/openapi.json') {
    const document = await mergedDocument(served.map((name) => replicasOf[name].inTurn()[0]?.url));
    send(request, response, document);
  } else if (config.PAGES_URL !== undefined && asksForPage(request)) {
    forward(request, response, [{ url: config.PAGES_URL }]);
  } else if (path === '/') {
    send(request, response, { status: 200, body: { name: 'Chandlery', description: detail } });
  } else {
    send(request, response, problem(404, { detail }));
  }
}

function asksForPage({ method, headers }: IncomingMessage): boolean {
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  return (method === 'GET' || method === 'HEAD') && !hasBody;
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed) {
    return;
  }
  const { type, text } = serialize(answer, { instance: (request.url ?? '').split('?')[0] ?? '' });
  response.writeHead(answer.status, { ...(type && { 'Content-Type': type }), ...answer.headers }).end(text);
}

async function stop(): Promise<void> {
  await listener.stop(DRAIN_MS);
  process.exit(0);
}

async function main(): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => void stop());
  }
  await listener.start({ host: config.HOST, port: config.GATEWAY_PORT, variable: 'GATEWAY_PORT' });
  log.info({ port: config.GATEWAY_PORT }, 'gateway is up');
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
