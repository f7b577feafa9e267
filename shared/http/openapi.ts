import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiResponseObject } from 'zod-openapi';
import type { Access } from '../access/access';
import { root } from '../root';
import { type Route, revalidates, route } from './route';

const problemSchema = z
  .object({
    type: z.string().meta({ description: 'A relative URI that names the reason, or about:blank.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().optional().meta({ description: 'The path of the request.' }),
    reason: z
      .string()
      .optional()
      .meta({ description: 'A code that programs can switch on, such as out_of_stock.' }),
    saga_id: z.uuid().optional().meta({ description: 'The checkout attempt that this is about.' }),
    trace_id: z
      .string()
      .optional()
      .meta({ description: 'Search the logs for it: faults and ended checkouts are logged with it.' }),
  })
  .meta({ id: 'Problem', description: 'Problem details as in RFC 9457.' });

/** What any route can answer, because the server answers it before or instead of the route. */
const EDGE_ANSWERS = {
  400: 'A parameter, a header or the body is not valid. Nothing was changed.',
  500: 'The service failed unexpectedly.',
  503:
    'Nothing was changed, unless `detail` says otherwise. The service has too much to do (`overloaded`), other requests ' +
    'or transactions are in the way of this one (`busy`), or something that it needs is unavailable (`unavailable`). ' +
    'Repeat the request after Retry-After seconds.',
} as const;

const NOT_MODIFIED = 'What you have is still true: it has the ETag of If-None-Match. There is no body.';

const TOKEN = { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } as const;

/** What any route can answer that is not public, where access is required. */
const ANSWERS_TO_TOKEN = {
  401: 'There is no token (`unauthenticated`), or it is not valid (`invalid_token`).',
  403: 'The route is for those with a role that the token does not have (`forbidden`).',
  404: 'There is no such thing, or it belongs to another user.',
} as const;

const HEADERS = {
  etag: {
    schema: { type: 'string' },
    description: 'Send it as If-None-Match to learn whether this is still true.',
  },
  location: { schema: { type: 'string' }, description: 'Where to read the outcome.' },
  applied: {
    schema: { type: 'string', const: 'respond-async' },
    description: 'Present when the request asked not to wait.',
  },
  retryAfter: { schema: { type: 'integer' }, description: 'Seconds to wait before repeating the request.' },
  replayed: {
    schema: { type: 'string', const: 'true' },
    description: 'Present when this is the stored answer to an earlier request with the same key.',
  },
} as const;

const idempotencyKey = z
  .string()
  .min(1)
  .max(255)
  .optional()
  .meta({
    description:
      'Visible ASCII, quoted or not. The same key with the same request replays the stored answer for 24 hours. With ' +
      'another request the answer is 422, and while the first request is in flight it is 409.',
  });

const reason = z
  .string()
  .max(500)
  .optional()
  .meta({ description: 'Why, in ASCII: it is written down with who did what.' });

const prefer = z.string().optional().meta({
  description: 'With `respond-async` the answer is 202 at once, without waiting for the outcome.',
});

/** Returns the route that serves the OpenAPI 3.1 document of all routes. It is built once: routes do not change. */
export function openapiRoute(routes: readonly Route[], access: Pick<Access, 'isOpen'>): Route {
  const body = describe(routes, access);
  return route({
    method: 'GET',
    path: '/openapi.json',
    audience: 'public',
    summary: 'This API as an OpenAPI 3.1 document',
    params: z.object({}),
    answers: { 200: z.looseObject({ openapi: z.string() }) },
    handle: async () => ({ status: 200, body }),
  });
}

function describe(routes: readonly Route[], { isOpen }: Pick<Access, 'isOpen'>): object {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const definition of routes) {
    const { path, method } = definition;
    paths[path] = {
      ...paths[path],
      [method.toLowerCase()]: operation(definition, !isOpen && definition.audience !== 'public'),
    };
  }
  return createDocument({
    openapi: '3.1.0',
    info: { title: 'Chandlery', version },
    paths,
    ...(isOpen ? {} : { components: { securitySchemes: { token: TOKEN } } }),
  });
}

/** @param needsToken whether a token says who may use it */
function operation(definition: Route, needsToken: boolean): ZodOpenApiOperationObject {
  const keyed = definition.idempotent ? answersToKey(definition.answers[409]) : {};
  const answers = Object.entries({
    ...EDGE_ANSWERS,
    ...(needsToken ? ANSWERS_TO_TOKEN : {}),
    ...(definition.body ? { 415: 'The body is no JSON.' } : {}),
    ...(revalidates(definition) ? { 304: NOT_MODIFIED } : {}),
    ...definition.answers,
    ...keyed,
  });
  return {
    summary: definition.summary,
    ...(definition.description === undefined ? {} : { description: definition.description }),
    'x-audience': definition.audience,
    ...(needsToken ? { security: [{ token: [] }] } : {}),
    tags: [definition.path.split('/')[1] ?? ''],
    requestParams: {
      path: definition.params,
      ...(definition.query && { query: definition.query }),
      header: z.object({
        ...(definition.idempotent ? { 'Idempotency-Key': idempotencyKey } : {}),
        ...(definition.preferAsync ? { Prefer: prefer } : {}),
        ...(needsToken && definition.method !== 'GET' && isForStaff(definition) ? { Reason: reason } : {}),
      }),
    },
    ...(definition.body && {
      requestBody: { required: true, content: { 'application/json': { schema: definition.body } } },
    }),
    responses: {
      ...Object.fromEntries(
        answers.map(([status, answer]) => [status, response(definition, status, answer)]),
      ),
      default: response(
        definition,
        'default',
        'The request was refused before it reached a route: wrong method, too large or too slow.',
      ),
    },
  };
}

/** A session is somebody's own. Everything else of buyers, operators may do for them. */
function isForStaff({ audience }: Route): boolean {
  return audience !== 'session' && audience !== 'public';
}

/** @param own what the route itself says about 409 */
function answersToKey(own: z.ZodType | string | undefined): Record<number, string> {
  const inFlight =
    'A request with this Idempotency-Key is still in flight (`idempotency_key_in_flight`): repeat this one in a moment.';
  return {
    409: typeof own === 'string' ? `${own} Or: ${inFlight}` : inFlight,
    422: 'This Idempotency-Key was used for another request. Use a new key for each new request.',
  };
}

function response(definition: Route, status: string, answer: z.ZodType | string): ZodOpenApiResponseObject {
  const headers = {
    ...(revalidates(definition) && ['200', '304'].includes(status) ? { ETag: HEADERS.etag } : {}),
    ...(status === '202' ? { Location: HEADERS.location, 'Preference-Applied': HEADERS.applied } : {}),
    ...(['202', '409', '429', '503'].includes(status) ? { 'Retry-After': HEADERS.retryAfter } : {}),
    ...(definition.idempotent && ['200', '400', '404', '409'].includes(status)
      ? { 'Idempotency-Replayed': HEADERS.replayed }
      : {}),
  };
  if (status === '304') {
    return { description: NOT_MODIFIED, headers };
  }
  return typeof answer === 'string'
    ? { description: answer, headers, content: { 'application/problem+json': { schema: problemSchema } } }
    : {
        description: answer.description ?? 'Done.',
        headers,
        content: { 'application/json': { schema: answer } },
      };
}
