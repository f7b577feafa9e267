import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Context } from 'koa';
import type * as z from 'zod';
import type { Permit } from '../access/access';
import type { Traceparent } from '../observe/trace';
import { parseBody } from './body';
import { problem, Refusal, unknownUser } from './problem';
import type { ApiRequest, Route } from './route';
import type { Match } from './router';

type Values = Record<string, unknown>;
type Request = ApiRequest<Values, unknown, Values>;

/** The request as a route's handler sees it. */
class ValidRequest implements Request {
  constructor(
    readonly method: string,
    readonly path: string,
    readonly params: Request['params'],
    readonly query: Values,
    readonly body: unknown,
    readonly bodyHash: string | undefined,
    readonly idempotencyKey: string | undefined,
    readonly respondAsync: boolean,
    readonly staff: Request['staff'],
    readonly onlyOf: string | undefined,
    readonly locksRow: boolean,
    readonly traceparent: Traceparent,
    private readonly response: ServerResponse,
  ) {}

  get peer(): string {
    return this.response.req.socket.remoteAddress ?? '';
  }

  header(name: string): string | undefined {
    const value = this.response.req.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

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

/** Without a query there is nothing in it: the same object for all. */
const NONE: Values = Object.freeze({});

/** @throws {Refusal} with 400 when a parameter, header or body is not valid for the route, 415 when the body is no JSON, 404 when it is about another user */
export function readRequest(
  { route, params: texts }: Match,
  ctx: Context,
  { staff, onlyOf, keyPrefix }: Permit,
  traceparent: Traceparent,
): Request {
  const params = readParams(route, texts);
  const query = route.query === undefined ? NONE : readQuery(route.query, ctx.querystring);
  if (onlyOf !== undefined) {
    refuseOthers(params, onlyOf);
    refuseOthers(query, onlyOf);
  }
  const body = route.body && parseBody(ctx.req, route.body);
  const key = route.idempotent === true ? readIdempotencyKey(ctx.get('Idempotency-Key')) : undefined;
  return new ValidRequest(
    ctx.method,
    ctx.path,
    params,
    query,
    body?.value,
    body === undefined ? undefined : createHash('sha256').update(body.text).digest('base64url'),
    key === undefined ? undefined : keyPrefix + key,
    route.preferAsync === true && /\brespond-async\b/i.test(ctx.get('Prefer')),
    staff === undefined ? undefined : { subject: staff, reason: readReason(ctx.get('Reason')) },
    onlyOf,
    route.locks !== undefined,
    traceparent,
    ctx.res,
  );
}

/** @throws {Refusal} with 404 when the values name another user */
function refuseOthers({ user_id }: Values, onlyOf: string): void {
  if (user_id !== undefined && user_id !== onlyOf) {
    throw new Refusal(unknownUser(String(user_id)));
  }
}

function readParams(route: Route, params: Match['params']) {
  const texts = Object.fromEntries(Object.entries(params).map(([name, text]) => [name, decode(name, text)]));
  return parse(route.params, texts);
}

function readQuery(schema: z.ZodObject, text: string): Values {
  const values: Record<string, string> = {};
  for (const part of text.split('&').filter((each) => each !== '')) {
    const [name = '', ...rest] = part.split('=');
    if (!Object.hasOwn(schema.shape, name)) {
      const known = Object.keys(schema.shape).join(', ');
      throw new Refusal(
        problem(400, {
          reason: 'invalid_parameter',
          detail: `The query may have these parameters: ${known}.`,
        }),
      );
    }
    if (Object.hasOwn(values, name)) {
      throw invalid(name, 'may be there only once');
    }
    values[name] = decode(name, rest.join('=').replaceAll('+', ' '));
  }
  return parse(schema, values);
}

function parse(schema: z.ZodObject, texts: Record<string, string>): Values {
  const result = schema.safeParse(texts);
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

/** Why staff does something, for the record. */
function readReason(header: string): string | undefined {
  if (header === '' || /^[\x20-\x7e]{1,500}$/.test(header)) {
    return header || undefined;
  }
  const detail = 'The header Reason must be 1 to 500 printable ASCII characters.';
  throw new Refusal(problem(400, { reason: 'invalid_reason', detail }));
}
