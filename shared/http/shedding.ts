import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../observe/log';
import { sparseLog } from '../observe/sparse-log';
import { hasBody } from './body';
import { openExcess } from './excess';
import { enforceLimits, MAX_IN_FLIGHT, originForm } from './limits';
import { type Answer, overloaded, type Refusal, serialize } from './problem';

export type Kind = 'reads' | 'writes';
/** What there can be too many of: reads or writes in flight, or requests in line behind others of their connection. */
export type Limit = Kind | 'line';

export interface SheddingOptions {
  /**
   * Gets a request when its body has been read. Resolves when it is answered. Never rejects.
   * @param refusal why the request is to be refused, because it exceeds a limit of limits.ts
   */
  handle(request: IncomingMessage, response: ServerResponse, refusal?: Refusal): Promise<void>;
  /**
   * The beginnings of paths whose requests may wait for long. They are not counted and never refused here, because the
   * service limits their number itself.
   */
  readonly waits: readonly string[];
  readonly log: Logger;
  /** Whether a route wants the body of a request. */
  keepsBody(request: IncomingMessage): boolean;
  /** Whether what reads or writes need is so busy that they would wait too long. */
  isBusy?(kind: Kind): boolean;
  /** Called for each request that is refused. */
  onShed?(limit: Limit): void;
}

const LOG_TEXT: Record<Limit, string> = {
  reads: 'too many reads in flight; answering 503',
  writes: 'too many writes in flight; answering 503',
  line: 'too many pipelined requests in line; closing their connection',
};

/**
 * Refuses requests before any work is spent on them when as many are in flight as can be answered within a fraction of
 * a second. Those in flight are answered in time, and the others learn at once that they should come again. Reads and
 * writes are counted separately, so that writes that wait for a lock do not keep reads out. A request counts from when
 * its body has been read, so that nobody can fill the places with bodies that never end.
 */
export function openShedding({ handle, waits, keepsBody, log, isBusy, onShed }: SheddingOptions) {
  const inFlight = { reads: 0, writes: 0 };
  const excess = openExcess();
  const logSparsely = sparseLog(log);

  function shed(limit: Limit, request: IncomingMessage, response: ServerResponse): void {
    onShed?.(limit);
    logSparsely(LOG_TEXT[limit], {});
    // A body would have to be read first, and what follows in a line may be as much again.
    const closes = limit === 'line' || (hasBody(request) && !request.complete);
    response.writeHead(REFUSAL.status, closes ? CLOSING : HEADERS).end(TEXT);
  }

  /** Returns undefined for a request that may wait for long. */
  function kindOf({ method, url = '' }: IncomingMessage): Kind | undefined {
    const target = originForm(url) ?? '';
    if (waits.some((path) => target.startsWith(path))) {
      return undefined;
    }
    return method === 'GET' || method === 'HEAD' ? 'reads' : 'writes';
  }

  const isFull = (kind: Kind) => inFlight[kind] >= MAX_IN_FLIGHT || isBusy?.(kind) === true;

  function begin(
    kind: Kind | undefined,
    request: IncomingMessage,
    response: ServerResponse,
    refusal: Refusal | undefined,
  ): void {
    if (kind === undefined) {
      void handle(request, response, refusal);
    } else if (isFull(kind)) {
      shed(kind, request, response);
    } else {
      inFlight[kind]++;
      void handle(request, response, refusal).then(() => inFlight[kind]--);
    }
  }

  function admit(kind: Kind | undefined, request: IncomingMessage, response: ServerResponse): void {
    if (kind !== undefined && isFull(kind)) {
      excess.markRefused(request.socket);
      shed(kind, request, response);
      return;
    }
    const refusal = enforceLimits(request, hasBody(request) && keepsBody(request));
    if (refusal instanceof Promise) {
      void refusal.then((refusal) => begin(kind, request, response, refusal));
    } else {
      begin(kind, request, response, refusal);
    }
  }

  return {
    handle(request: IncomingMessage, response: ServerResponse): void {
      const kind = kindOf(request);
      if (kind !== undefined && isFull(kind)) {
        excess.handleSoon(request.socket, () => admit(kind, request, response));
      } else {
        admit(kind, request, response);
      }
    },
    /** Refuses a request that found too many others in line. Its connection is closed. */
    refuse(request: IncomingMessage, response: ServerResponse): void {
      shed('line', request, response);
    },
  };
}

// The same text for all, because it may be sent thousands of times a second.
const REFUSAL: Answer = overloaded(
  'The service has more requests in flight than it can answer in time, so nothing was done.',
);
const { type = '', text: TEXT = '' } = serialize(REFUSAL);
const HEADERS = {
  ...REFUSAL.headers,
  'Cache-Control': 'no-store',
  'Content-Type': type,
  'Content-Length': Buffer.byteLength(TEXT),
};
const CLOSING = { ...HEADERS, Connection: 'close' };
