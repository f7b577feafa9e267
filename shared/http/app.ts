import type { IncomingMessage, ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import Koa, { type Context } from 'koa';
import type { Access } from '../access/access';
import type { Logger } from '../observe/log';
import { httpDuration, httpInFlight, requestsShed } from '../observe/metrics';
import { incomingTrace, newTraceparent, type Span, traceId, withSpan } from '../observe/trace';
import { CommitUnknown } from '../postgres/errors';
import type { Attempts, Patience } from '../postgres/patience';
import { openFaultAnswers } from './faults';
import { type Answer, Refusal, serialize } from './problem';
import { readRequest } from './request';
import { revalidate } from './revalidate';
import { type Route, revalidates } from './route';
import type { Match, Router } from './router';
import { openRowTurns } from './row-turns';

export interface AppOptions {
  readonly router: Router;
  readonly log: Logger;
  readonly access: Access;
  /** With it, a request waits for a database that is away for a few seconds. */
  readonly patience?: Patience | undefined;
  /** Whether the service is stopping: answers then tell clients to send their next request elsewhere. */
  readonly isStopping: () => boolean;
}

type Request = ReturnType<typeof readRequest>;

/** Which of several replicas answers. In a cluster, a pod's host name is the pod's name. */
const SERVED_BY = hostname();

/** Resolves when the answer is written. Never rejects. It gives the answer of a refusal instead of a route's. */
export type App = (request: IncomingMessage, response: ServerResponse, refusal?: Refusal) => Promise<void>;

/**
 * One function handles everything, because a checkout request waits for as long as its saga takes. The promises and
 * closures of a chain of middleware would stay in memory for that time, for thousands of requests, and the garbage
 * collector would copy them. Koa only creates the context: its own callback would keep listeners for an event that
 * nothing here uses (docs/decisions/0014).
 */
export function createApp({ router, log, access, patience, isStopping }: AppOptions): App {
  const koa = new Koa();
  const answerToFault = openFaultAnswers(log);
  const turns = openRowTurns({ log, onRefused: () => requestsShed.inc({ limit: 'row' }) });
  return (request, response, refusal) =>
    answer(koa.createContext(request, response), refusal).catch((error) => {
      log.error({ err: error }, 'could not send an answer; closing the connection');
      response.destroy();
    });

  function handleOnce(route: Route, request: Request): Promise<Answer> {
    const row = route.locks?.(request.params);
    // Whoever asks for the row of somebody else gets 404, and must not make its owner wait.
    return row === undefined
      ? route.handle(request)
      : turns.run(`${request.onlyOf ?? ''}/${row}`, () => route.handle(request));
  }

  /**
   * While the database is away for a few seconds, the request waits. If a COMMIT was lost meanwhile, the request may have had
   * its effect, whatever a later attempt fails of.
   */
  async function handle(route: Route, request: Request): Promise<Answer> {
    let attempts: Attempts | undefined;
    let lost: CommitUnknown | undefined;
    for (;;) {
      let reply: Answer;
      try {
        reply = await handleOnce(route, request);
      } catch (error) {
        lost ??= error instanceof CommitUnknown ? error : undefined;
        attempts ??= {
          mayHaveHappened: request.idempotencyKey !== undefined,
          isGone: () => request.isGone(),
        };
        if (await patience?.isWorthRepeating(error, attempts)) {
          continue;
        }
        throw lost ?? error;
      }
      if (lost !== undefined && reply.status >= 500) {
        throw lost;
      }
      return reply;
    }
  }

  async function answer(ctx: Context, refusal: Refusal | undefined): Promise<void> {
    const started = performance.now();
    httpInFlight.inc();
    /** The matched template: a metric must never be labelled with a path that a client made up. */
    let route = 'none';
    /** The caller's context; the matched route's span replaces it. */
    let traceparent = incomingTrace(ctx.get('traceparent'));
    let span: Span | undefined;
    let reply: Answer;
    let match: Match | undefined;
    try {
      if (refusal !== undefined) {
        throw refusal;
      }
      match = router.match(ctx.method, ctx.path);
      if (match) {
        route = match.route.path;
        const permit = access.admit(match.route, ctx.req.headers);
        const permitted = permit instanceof Promise ? await permit : permit;
        // The trace of a stranger, or of a buyer, who is easily one, begins here: otherwise anybody could have everything recorded.
        const parent = access.isOpen || permitted.staff !== undefined ? traceparent : undefined;
        span = withSpan(match.name, 'server', parent, match.attributes);
        traceparent = span.traceparent;
        reply = await handle(match.route, readRequest(match, ctx, permitted, traceparent));
        span.end();
      } else {
        reply = router.unmatched(ctx.method, ctx.path);
      }
    } catch (error) {
      // Whoever was not admitted is a stranger.
      span ??= match && withSpan(match.name, 'server', undefined, match.attributes);
      traceparent = span?.traceparent ?? traceparent ?? newTraceparent();
      span?.end(error);
      reply = error instanceof Refusal ? error.answer : answerToFault(error, traceId(traceparent));
    }
    httpInFlight.dec();
    traceparent ??= newTraceparent();
    const trace_id = traceId(traceparent);
    const status = send(ctx, reply, {
      trace_id,
      stopping: isStopping(),
      route: match?.route,
    });
    const seconds = (performance.now() - started) / 1000;
    const { method, path } = ctx;
    httpDuration.observe({ method, route, status_code: String(status) }, seconds);
    if (log.isLevelEnabled('debug')) {
      log.debug({ method, path, status, seconds, trace_id }, 'answered a request');
    }
  }
}

/** Writes the answer without Koa's own response code, which inspects what kind of body it has. Returns its status. */
function send(
  ctx: Context,
  answer: Answer,
  { trace_id, stopping, route }: { trace_id: string; stopping: boolean; route: Route | undefined },
): number {
  const { type, text } = serialize(answer, { instance: ctx.path.slice(0, 512), trace_id });
  const revalidated =
    route !== undefined && revalidates(route) && answer.status === 200 && text !== undefined
      ? revalidate(ctx.req.headers, text, route.freshSeconds)
      : undefined;
  const status = revalidated?.isKnown ? 304 : answer.status;
  const body = status === 304 ? undefined : text;
  ctx.res
    .writeHead(status, {
      'Cache-Control': 'no-store',
      'Served-By': SERVED_BY,
      ...answer.headers,
      ...revalidated?.headers,
      ...(body !== undefined && { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }),
      ...(stopping && { Connection: 'close' }),
    })
    .end(body);
  return status;
}
