import type { IncomingMessage, ServerOptions } from 'node:http';
import { hasBody, readBody } from './body';
import { type Refusal, refusal } from './problem';

const KIB = 1024;
const MAX_URL = 8 * KIB;

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
 * Checks a request against the limits. A body must be read before the next request on the same connection can be.
 * @param keepsBody whether a route wants the body; otherwise nothing of it is kept
 * @returns why the request is refused, if it is. A promise only if there is a body: it resolves when that has been read
 */
export function enforceLimits(
  request: IncomingMessage,
  keepsBody: boolean,
): Refusal | undefined | Promise<Refusal | undefined> {
  return checkHead(request) ?? (hasBody(request) ? readBody(request, keepsBody) : undefined);
}

function checkHead(request: IncomingMessage): Refusal | undefined {
  const { headers, httpVersion, rawHeaders, url = '' } = request;
  const target = originForm(url);
  request.url = target ?? '/';
  if (url.length > MAX_URL) {
    return refusal(414, 'The request target may be at most 8 KiB long.');
  }
  if (target === undefined) {
    return refusal(400, 'The request target is neither a path nor an http URL.');
  }
  if (headers.host === undefined && httpVersion === '1.1') {
    return refusal(400, 'An HTTP/1.1 request needs a Host header.');
  }
  // Node takes the first one, and a proxy that forwarded the request may have used the other.
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (/^host$/i.test(rawHeaders[i] as string)) {
      hosts++;
    }
  }
  return hosts > 1 ? refusal(400, 'A request may have only one Host header.') : undefined;
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
