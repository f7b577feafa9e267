import type { IncomingMessage, ServerOptions } from 'node:http';
import getRawBody from 'raw-body';
import { problem, Refusal } from './problem';

const KIB = 1024;
const MAX_URL = 8 * KIB;
const MAX_BODY = 16 * KIB;

/** How much of a refused body is still read. After an immediate close, a client that is sending may miss the answer. */
const MAX_DISCARDED = 1024 * KIB;

/** More than a client needs, and fewer than would exhaust the process's file descriptors. */
export const MAX_CONNECTIONS = 10_000;

/**
 * The most reads that are in flight at a time, and the most writes. A process answers a few thousand a second, and at
 * least 500 on a machine that is busy with other things, so the last of them is answered within a second.
 */
export const MAX_IN_FLIGHT = 500;

export const SERVER_OPTIONS: ServerOptions = {
  maxHeaderSize: 16 * KIB,
  headersTimeout: 10_000,
  /** For the whole request including its body. It does not limit how long an answer takes. */
  requestTimeout: 15_000,
  connectionsCheckingInterval: 1_000,
  /** Longer than the idle timeout of common proxies (60 s), so that they close idle connections before we do. */
  keepAliveTimeout: 75_000,
  /** We refuse a missing Host ourselves, because Node's own refusal is not a problem document. */
  requireHostHeader: false,
  noDelay: true,
};

/**
 * Checks a request against the limits. No request needs a body, but one that is sent must be read before the next
 * request on the same connection can be.
 * @returns undefined if there is no body, as in most requests; otherwise a promise that resolves at the end of the body
 * @throws {Refusal} when the request is too large or cannot be read; the promise rejects with one for the same reasons
 */
export function enforceLimits(request: IncomingMessage): Promise<void> | undefined {
  checkHead(request);
  return hasBody(request) ? discardBody(request) : undefined;
}

export function hasBody({ headers }: IncomingMessage): boolean {
  return (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined;
}

function checkHead(request: IncomingMessage): void {
  const { headers, httpVersion, rawHeaders, url = '' } = request;
  const target = originForm(url);
  request.url = target ?? '/';
  if (url.length > MAX_URL) {
    throw refusal(414, 'The request target may be at most 8 KiB long.');
  }
  if (target === undefined) {
    throw refusal(400, 'The request target is neither a path nor an http URL.');
  }
  if (headers.host === undefined && httpVersion === '1.1') {
    throw refusal(400, 'An HTTP/1.1 request needs a Host header.');
  }
  // Node takes the first one, and a proxy that forwarded the request may have used the other.
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (/^host$/i.test(rawHeaders[i] as string)) {
      hosts++;
    }
  }
  if (hosts > 1) {
    throw refusal(400, 'A request may have only one Host header.');
  }
}

async function discardBody(request: IncomingMessage): Promise<void> {
  try {
    await getRawBody(request, { limit: MAX_BODY, length: request.headers['content-length'] ?? null });
  } catch (error) {
    discardRest(request);
    const tooLarge = error instanceof Error && 'type' in error && error.type === 'entity.too.large';
    throw tooLarge
      ? refusal(413, 'The request body may be at most 16 KiB long.')
      : refusal(400, 'The request body is incomplete.');
  }
}

/** Returns the path and query of a request target. A proxy's client sends the whole URL; routes know only paths. */
export function originForm(target: string): string | undefined {
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
