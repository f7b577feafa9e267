import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Context } from 'koa';
import type { Permit } from '../access/access';
import type { Traceparent } from '../observe/trace';
import { parseBody } from './body';
import { problem, Refusal, unknownUser } from './problem';
import type { ApiRequest, Route } from './route';
import type { Match } from './router';

type Request = ApiRequest<Record<string, unknown>>;

/** The request as a route's handler sees it. */
class ValidRequest implements Request {
  constructor(
    readonly method: string,
    readonly path: string,
    readonly params: Request['params'],
    readonly body: unknown,
    readonly bodyHash: string | undefined,
    readonly idempotencyKey: string | undefined,
    readonly respondAsync: boolean,
    readonly onlyOf: string | undefined,
    readonly locksRow: boolean,
    readonly traceparent: Traceparent,
    private readonly response: ServerResponse,
  ) {}

  isGone(): boolean {
    return this.response.closed;
  }

  whenGone(listener: () => void): void {
    const { response } = this;
    if (response.closed) {
      listener();
    }
    // A response closes only once, so `on` is enough; `once` would keep two more objects in memory.
    else {
      response.on('close', () => response.writableFinished || listener());
    }
  }
}

/** @throws {Refusal} with 400 when a parameter, header or body is not valid for the route, 415 when the body is no JSON, 404 when it is about another user */
export function readRequest(
  { route, params: texts }: Match,
  ctx: Context,
  { onlyOf, keyPrefix }: Permit,
  traceparent: Traceparent,
): Request {
  const params = readParams(route, texts);
  if (onlyOf !== undefined && params.user_id !== undefined && params.user_id !== onlyOf) {
    throw new Refusal(unknownUser(String(params.user_id)));
  }
  const body = route.body && parseBody(ctx.req, route.body);
  const key = route.idempotent === true ? readIdempotencyKey(ctx.get('Idempotency-Key')) : undefined;
  return new ValidRequest(
    ctx.method,
    ctx.path,
    params,
    body?.value,
    body === undefined ? undefined : createHash('sha256').update(body.text).digest('base64url'),
    key === undefined ? undefined : keyPrefix + key,
    route.preferAsync === true && /\brespond-async\b/i.test(ctx.get('Prefer')),
    onlyOf,
    route.locks !== undefined,
    traceparent,
    ctx.res,
  );
}

function readParams(route: Route, params: Match['params']) {
  const texts = Object.fromEntries(Object.entries(params).map(([name, text]) => [name, decode(name, text)]));
  const result = route.params.safeParse(texts);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw invalid(String(issue?.path[0]), issue?.message ?? 'is not valid');
  }
  return result.data;
}

function decode(name: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(name, 'contains a percent escape that is not valid UTF-8');
  }
}

function invalid(name: string, rule: string): Refusal {
  return new Refusal(problem(400, { reason: 'invalid_parameter', detail: `Parameter "${name}" ${rule}.` }));
}

/**
 * draft-ietf-httpapi-idempotency-key-header asks for a quoted string; many clients send the bare text, which counts as
 * the same key.
 */
function readIdempotencyKey(header: string): string | undefined {
  if (header === '') {
    return undefined;
  }
  const quoted = /^"([\x21\x23-\x5b\x5d-\x7e]{1,255})"$/.exec(header)?.[1];
  const key = quoted ?? /^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/.exec(header)?.[0];
  if (key === undefined) {
    const detail =
      'Idempotency-Key must be 1 to 255 visible ASCII characters, without spaces, quotes or backslashes.';
    throw new Refusal(problem(400, { reason: 'invalid_idempotency_key', detail }));
  }
  return key;
}
