import { Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import { createProxyServer } from 'http-proxy-3';
import { problem, serialize } from '../../../shared/http/problem';
import type { Logger } from '../../../shared/observe/log';

/** Longer than a checkout ever waits for its outcome. */
const ANSWER_TIMEOUT_MS = 60_000;
const MAX_SOCKETS = 256;

/** Returns a function that passes requests of the pages on to the shop's API. */
export function forwardTo(apiUrl: string, log: Logger) {
  const proxy = createProxyServer({
    target: apiUrl,
    agent: new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS }),
    proxyTimeout: ANSWER_TIMEOUT_MS,
    xfwd: true,
  });
  return (request: IncomingMessage, response: ServerResponse): void => {
    proxy.web(request, response, {}, (error) => {
      log.warn({ err: error }, 'lost the connection to the API, or got none');
      if (response.headersSent) {
        response.destroy();
        return;
      }
      const detail = 'The shop did not answer, so the outcome is unknown. Look up what happened.';
      const { type, text } = serialize(problem(502, { reason: 'outcome_unknown', detail }));
      response.writeHead(502, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(text);
    });
  };
}
