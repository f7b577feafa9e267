// One address for the three services on one machine. A cluster has a gateway of its own, and does not need this.
import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { createProxyServer } from 'http-proxy-3';
import { answerClientError, answerExpectation } from '../../shared/http/client-error';
import { gentleStop } from '../../shared/http/gentle-stop';
import { enforceLimits, SERVER_OPTIONS } from '../../shared/http/limits';
import { listen } from '../../shared/http/listen';
import { type Answer, problem, Refusal, serialize, unavailable } from '../../shared/http/problem';
import { createLogger } from '../../shared/observe/log';
import { perService, serviceOfPath, services } from '../../shared/services';
import { gatewayConfig } from './config';
import { mergedDocument } from './openapi';
import { type Replica, watchReplicas } from './replicas';

const config = gatewayConfig();
const log = createLogger({ service: 'gateway', level: config.LOG_LEVEL, format: config.LOG_FORMAT });
const replicasOf = perService((name) =>
  watchReplicas(config.services[name].urls, config.services[name].internalUrls),
);

/** Longer than a checkout is ever held. */
const ANSWER_TIMEOUT_MS = 60_000;
const DRAIN_MS = 30_000;

const proxy = createProxyServer({
  agent: new Agent({ keepAlive: true, maxSockets: 4096, maxFreeSockets: 1024 }),
  proxyTimeout: ANSWER_TIMEOUT_MS,
  xfwd: true,
  // Paths go through as they came: what they mean, and whether they are well formed, is for the services to say.
  toProxy: true,
  prependPath: false,
});
proxy.on('proxyRes', (answer, _request, response) => {
  // An answer that breaks off must not look like one that goes on.
  answer.once('close', () => {
    if (!answer.complete) {
      response.destroy();
    }
  });
});

const server = createServer(SERVER_OPTIONS, async (request, response) => {
  try {
    await enforceLimits(request);
  } catch (error) {
    const unreadable = problem(400, { detail: 'The request cannot be read.' });
    send(request, response, error instanceof Refusal ? error.answer : unreadable);
    return;
  }
  answer(request, response);
});
server.on('clientError', answerClientError);
server.on('checkExpectation', answerExpectation);
const stopServer = gentleStop(server);

function answer(request: IncomingMessage, response: ServerResponse): void {
  const name = serviceOfPath(request.url ?? '');
  if (name !== undefined) {
    forward(request, response, replicasOf[name].inTurn());
  } else {
    void answerSelf(request, response);
  }
}

/** Tries the replicas in turn, but the next one only while it is certain that nothing has been sent. */
function forward(request: IncomingMessage, response: ServerResponse, replicas: readonly Replica[]): void {
  const [replica, ...others] = replicas;
  if (replica === undefined) {
    const detail = 'No replica of the service is up, and nothing was done. Repeat the request in a moment.';
    send(request, response, unavailable(detail));
    return;
  }
  try {
    proxy.web(request, response, { target: replica.url, ...withoutBody(request) }, (error) => {
      if (response.headersSent || response.destroyed) {
        response.destroy();
        return;
      }
      if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') {
        forward(request, response, others);
        return;
      }
      log.warn({ err: error, replica: replica.url.href }, 'a replica went away with a request');
      const detail =
        'The service went away before it answered, so the outcome is unknown. A checkout may be repeated safely; ' +
        'before repeating anything else, look, or send an Idempotency-Key with it.';
      send(request, response, problem(502, { reason: 'outcome_unknown', detail }));
    });
  } catch (error) {
    log.warn({ err: error }, 'a request could not be passed on');
    send(request, response, problem(400, { detail: 'The request cannot be passed on as it is.' }));
  }
}

/** A body means nothing to any route. It has been read, and goes no further: nobody can read it in another way then. */
function withoutBody({ headers }: IncomingMessage): { buffer?: Readable } {
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) {
    return {};
  }
  headers['content-length'] = '0';
  delete headers['transfer-encoding'];
  return { buffer: Readable.from([]) };
}

async function answerSelf(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url?.split('?')[0];
  const detail = `Paths begin with ${Object.values(services)
    .map(({ path }) => `/${path}`)
    .join(', ')}; /openapi.json describes them.`;
  if (path === '/openapi.json') {
    const document = await mergedDocument(
      Object.values(replicasOf).map((replicas) => replicas.inTurn()[0]?.url),
    );
    send(request, response, document);
  } else if (path === '/') {
    send(request, response, { status: 200, body: { name: 'Chandlery', description: detail } });
  } else {
    send(request, response, problem(404, { detail }));
  }
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed) {
    return;
  }
  const { type, text } = serialize(answer, { instance: (request.url ?? '').split('?')[0] ?? '' });
  response.writeHead(answer.status, { ...(type && { 'Content-Type': type }), ...answer.headers }).end(text);
}

async function stop(): Promise<void> {
  await stopServer(DRAIN_MS);
  process.exit(0);
}

async function main(): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => void stop());
  }
  await listen(server, { host: config.HOST, port: config.GATEWAY_PORT, variable: 'GATEWAY_PORT' });
  log.info({ port: config.GATEWAY_PORT }, 'gateway is up');
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
