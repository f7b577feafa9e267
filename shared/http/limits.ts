import type { IncomingMessage, ServerOptions } from 'node:http';
import getRawBody from 'raw-body';
import { problem, Refusal } from './problem';

const KIB = 1024;
const MAX_URL = 8 * KIB;
const MAX_BODY = 16 * KIB;

/** What is still read of a refused body: closing at once could take the answer from a client that is writing. */
const MAX_DISCARDED = 1024 * KIB;

/** More than a client needs; fewer than would exhaust the process's file descriptors. */
export const MAX_CONNECTIONS = 10_000;

export const SERVER_OPTIONS: ServerOptions = {
  maxHeaderSize: 16 * KIB,
  headersTimeout: 10_000,
  /** The whole request including its body; how long an answer takes is not limited by it. */
  requestTimeout: 15_000,
  connectionsCheckingInterval: 1_000,
  /** Longer than the idle time of the usual proxies (60 s), so that it is never we who close under their request. */
  keepAliveTimeout: 75_000,
  /** A missing Host is refused by us, because Node's own refusal is not a problem document. */
  requireHostHeader: false,
  noDelay: true,
};

/**
 * Requests carry no body that means anything, but one that is sent must be read before the next request on the same
 * connection can be.
 * @returns a promise of the body's end, if there is a body: most requests need not wait for anything
 * @throws {Refusal} when the request is too large or cannot be read; the promise rejects with one likewise.
 */
export function holdToLimits(request: IncomingMessage): Promise<void> | undefined {
  checkHead(request);
  const { headers } = request;
  const length = headers['content-length'] ?? '0';
  return length === '0' && headers['transfer-encoding'] === undefined ? undefined : discardBody(request);
}

function checkHead(request: IncomingMessage): void {
  const { headers, httpVersion, rawHeaders, url = '' } = request;
  const target = originForm(url);
  request.url = target ?? '/';
  if (url.length > MAX_URL) {
    throw refusal(414, 'A request target may have 8 KiB.');
  }
  if (target === undefined) {
    throw refusal(400, 'The request target is neither a path nor an http address.');
  }
  if (headers.host === undefined && httpVersion === '1.1') {
    throw refusal(400, 'An HTTP/1.1 request needs a Host header.');
  }
  // Node takes the first one, and whoever forwarded the request may have gone by the other.
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (/^host$/i.test(rawHeaders[i] as string)) {
      hosts++;
    }
  }
  if (hosts > 1) {
    throw refusal(400, 'A request may have one Host header only.');
  }
}

async function discardBody(request: IncomingMessage): Promise<void> {
  try {
    await getRawBody(request, { limit: MAX_BODY, length: request.headers['content-length'] ?? null });
  } catch (error) {
    discardRest(request);
    const tooLarge = error instanceof Error && 'type' in error && error.type === 'entity.too.large';
    throw tooLarge
      ? refusal(413, 'A request body may have 16 KiB.')
      : refusal(400, 'The body did not arrive whole.');
  }
}

/** A proxy's client names the whole address; the routes know paths only. */
function originForm(target: string): string | undefined {
  if (target.startsWith('/') || target === '*') {
    return target;
  }
  if (!/^https?:/i.test(target) || !URL.canParse(target)) {
    return undefined;
  }
  const { pathname, search } = new URL(target);
  return pathname + search;
}

function refusal(status: number, detail: string): Refusal {
  return new Refusal(problem(status, { detail }));
}

function discardRest(request: IncomingMessage): void {
  let discarded = 0;
  request.on('error', () => undefined);
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > MAX_DISCARDED) {
      request.destroy();
    }
  });
  request.resume();
}
