import type { RequestListener } from 'node:http';
import Koa, { type Context } from 'koa';
import type { Logger } from '../observe/log';
import { httpDuration, httpInFlight } from '../observe/metrics';
import { incomingTrace, newTraceparent, type Span, traceId, withSpan } from '../observe/trace';
import { answerToFault } from './faults';
import { holdToLimits } from './limits';
import { type Answer, Refusal, serialize } from './problem';
import { readRequest } from './request';
import type { Route } from './route';
import { openRouter } from './router';

export interface AppOptions {
  readonly routes: readonly Route[];
  readonly log: Logger;
  /** Whether the service is stopping, so that clients are told to take their next request elsewhere. */
  readonly stopping: () => boolean;
}

/**
 * One middleware does it all, because a checkout is held for as long as its saga takes: what further ones promise and
 * enclose would be kept for as long, a thousand times over, for the garbage collector to copy. Koa only makes the context:
 * its own callback would keep listeners for an end that nobody here asks about (docs/decisions/0014).
 */
export function createApp({ routes, log, stopping }: AppOptions): RequestListener {
  const koa = new Koa();
  const router = openRouter(routes);
  return (request, response) => {
    answer(koa.createContext(request, response)).catch((error) => {
      log.error({ err: error }, 'A request was not answered to its end; its connection is cut.');
      response.destroy();
    });
  };

  async function answer(ctx: Context): Promise<void> {
    const started = performance.now();
    httpInFlight.inc();
    /** The matched template: metrics must never be labelled with a path somebody made up. */
    let route = 'none';
    /** The caller's context, which the matched route's span replaces. */
    let traceparent = incomingTrace(ctx.get('traceparent'));
    let span: Span | undefined;
    let reply: Answer;
    try {
      await holdToLimits(ctx.req);
      const match = router.match(ctx.method, ctx.path);
      if (match) {
        route = match.route.path;
        span = withSpan(match.name, 'server', traceparent, match.attributes);
        traceparent = span.traceparent;
        reply = await match.route.handle(readRequest(match, ctx, traceparent));
        span.end();
      } else {
        reply = router.unmatched(ctx.method, ctx.path);
      }
    } catch (error) {
      span?.end(error);
      traceparent ??= newTraceparent();
      reply =
        error instanceof Refusal
          ? error.answer
          : answerToFault(error, log.child({ trace_id: traceId(traceparent) }));
    }
    httpInFlight.dec();
    traceparent ??= newTraceparent();
    const trace_id = traceId(traceparent);
    send(ctx, reply, { trace_id, stopping: stopping() });
    const seconds = (performance.now() - started) / 1000;
    const { method, path } = ctx;
    const { status } = reply;
    httpDuration.observe({ method, route, status_code: String(status) }, seconds);
    if (log.isLevelEnabled('debug')) {
      log.debug({ method, path, status, seconds, trace_id }, 'A request was answered.');
    }
  }
}

/** Not by Koa's own way to answer, which looks at what a body might be. */
function send(
  ctx: Context,
  answer: Answer,
  { trace_id, stopping }: { trace_id: string; stopping: boolean },
): void {
  const { type, text } = serialize(answer, { instance: ctx.path.slice(0, 512), trace_id });
  ctx.res
    .writeHead(answer.status, {
      ...answer.headers,
      'Cache-Control': 'no-store',
      ...(text !== undefined && { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) }),
      ...(stopping && { Connection: 'close' }),
    })
    .end(text);
}
