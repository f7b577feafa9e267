import type { IncomingMessage } from 'node:http';
import type * as z from 'zod';
import { overloaded, problem, Refusal, refusal } from './problem';

const KIB = 1024;
const MAX_BODY = 16 * KIB;

/** How much of a refused body is still read. After an immediate close, a client that is sending may miss the answer. */
const MAX_DISCARDED = 1024 * KIB;

/** Of all bodies that are kept at a time. Whoever sends them slowly holds little of it. */
const MAX_KEPT = 32 * 1024 * KIB;

const kept = new WeakMap<IncomingMessage, Buffer>();
let keptBytes = 0;

/** Returns the body of a request that was kept. */
export function bodyOf(request: IncomingMessage): Buffer {
  return kept.get(request) ?? Buffer.alloc(0);
}

export function hasBody({ headers }: IncomingMessage): boolean {
  return (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined;
}

/**
 * Reads a body to its end, because the next request of the connection is behind it. Thousands may be arriving at the same
 * time, as slowly as their clients like, so nothing is kept that no route wants.
 * @returns why the request is refused, if it is
 */
export function readBody(request: IncomingMessage, keeps: boolean): Promise<Refusal | undefined> {
  return new Promise((resolve) => {
    const tooLarge = refusal(413, 'The request body may be at most 16 KiB long.');
    let chunks: Buffer[] = [];
    let received = 0;
    const drop = () => {
      keptBytes -= chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      chunks = [];
    };
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received > MAX_BODY) {
        drop();
        resolve(tooLarge);
      } else if (keeps && keptBytes + chunk.length > MAX_KEPT) {
        drop();
        resolve(new Refusal(overloaded('Too much is being sent at the same time, so nothing was done.')));
      } else if (keeps) {
        keptBytes += chunk.length;
        chunks.push(chunk);
      }
      if (received > MAX_DISCARDED) {
        request.destroy();
      }
    });
    request.once('end', () => {
      if (keeps) {
        kept.set(request, Buffer.concat(chunks));
      }
      resolve(undefined);
    });
    request.on('error', () => undefined);
    request.once('close', () => {
      drop();
      resolve(refusal(400, 'The request body is incomplete.'));
    });
    if (Number(request.headers['content-length']) > MAX_BODY) {
      resolve(tooLarge);
    }
  });
}

/** The body of a request, as text and as what a route expects. */
export interface Body<T> {
  readonly text: string;
  readonly value: T;
}

/** @throws {Refusal} with 415 when the body is no JSON, 400 when it is not valid for the route */
export function parseBody<T>(request: IncomingMessage, schema: z.ZodType<T>): Body<T> {
  const { headers } = request;
  if (!/^application\/json *(?:; *charset="?utf-8"?)?$/i.test(headers['content-type'] ?? '')) {
    throw refusal(415, 'The body must be JSON, with "Content-Type: application/json".');
  }
  if (headers['content-encoding'] !== undefined) {
    throw refusal(415, 'The body must not be compressed.');
  }
  const text = decode(bodyOf(request));
  const { data, error } = schema.safeParse(parse(text));
  if (error) {
    const [issue] = error.issues;
    const name = issue?.path.join('.');
    throw invalid(name ? `Field "${name}" ${issue?.message}.` : 'The body must be a JSON object.');
  }
  return { text, value: data };
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid('The body is not valid UTF-8.');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What JSON.parse says repeats what was sent, which may be a password.
    throw invalid('The body is not valid JSON.');
  }
}

function invalid(detail: string): Refusal {
  return new Refusal(problem(400, { reason: 'invalid_body', detail }));
}
