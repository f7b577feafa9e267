import Router, { type RouterContext } from '@koa/router';
import Koa, { type Next, type ParameterizedContext } from 'koa';
import type { Logger } from '../observe/log';
import { httpDuration, httpInFlight } from '../observe/metrics';
import { incomingTrace, newTraceparent, type Traceparent, traceId, withSpan } from '../observe/trace';
import { answerToFault } from './faults';
import { holdToLimits } from './limits';
import { type Answer, problem, Refusal } from './problem';
import { readRequest, template } from './request';
import type { Route } from './route';

interface State {
  /** The context a problem is told under; the matched route's span replaces the caller's. */
  traceparent: Traceparent | undefined;
  /** The matched template: metrics must never be labelled with a path somebody made up. */
  route: string;
}

type EdgeContext = ParameterizedContext<State>;

export interface AppOptions {
  readonly routes: readonly Route[];
  readonly log: Logger;
  /** Whether the service is stopping, so that clients are told to take their next request elsewhere. */
  readonly stopping: () => boolean;
}

/** Every middleware returns the answer, and the outermost one sends it, so that each answer is written in one place. */
export function createApp({ routes, log, stopping }: AppOptions): Koa<State> {
  const app = new Koa<State>();
  app.on('error', (error) => log.debug({ err: error }, 'A client went away before its answer was sent.'));
  app.use((ctx, next) => answerAndMeasure(ctx, next, log, stopping));
  app.use(async (ctx, next) => {
    await holdToLimits(ctx.req);
    return next();
  });
  app.use(router(routes).routes());
  app.use(async (ctx) => unmatched(ctx as RouterContext<State>));
  return app;
}

async function answerAndMeasure(ctx: EdgeContext, next: Next, log: Logger, stopping: () => boolean) {
  const started = performance.now();
  httpInFlight.inc();
  ctx.state.route = 'none';
  ctx.state.traceparent = incomingTrace(ctx.get('traceparent'));
  const answer = (await next().catch((error: unknown) => refuse(error, ctx, log))) as Answer;
  httpInFlight.dec();
  send(ctx, answer, stopping());
  const seconds = (performance.now() - started) / 1000;
  httpDuration.observe(
    { method: ctx.method, route: ctx.state.route, status_code: String(answer.status) },
    seconds,
  );
  if (log.isLevelEnabled('debug')) {
    const { method, path } = ctx;
    log.debug(
      { method, path, status: answer.status, seconds, trace_id: traceOf(ctx) },
      'A request was answered.',
    );
  }
}

function refuse(error: unknown, ctx: EdgeContext, log: Logger): Answer {
  return error instanceof Refusal
    ? error.answer
    : answerToFault(error, log.child({ trace_id: traceOf(ctx) }));
}

function send(ctx: EdgeContext, { status, body, headers = {} }: Answer, stopping: boolean): void {
  ctx.status = status;
  ctx.set('Cache-Control', 'no-store');
  ctx.set(headers);
  if (stopping) {
    ctx.set('Connection', 'close');
  }
  if (status === 204) {
    return;
  }
  const failed = status >= 400;
  ctx.set('Content-Type', failed ? 'application/problem+json' : 'application/json');
  ctx.body = JSON.stringify(
    failed ? { ...body, instance: ctx.path.slice(0, 512), trace_id: traceOf(ctx) } : body,
  );
}

function traceOf(ctx: EdgeContext): string {
  ctx.state.traceparent ??= newTraceparent();
  return traceId(ctx.state.traceparent);
}

function router(routes: readonly Route[]): Router<State> {
  const all = new Router<State>();
  for (const route of routes) {
    const { pattern, names } = template(route.path);
    const name = `${route.method} ${route.path}`;
    const attributes = { 'http.request.method': route.method, 'http.route': route.path };
    const serve = async (ctx: RouterContext<State>): Promise<Answer> => {
      ctx.state.route = route.path;
      const span = withSpan(name, 'server', ctx.state.traceparent, attributes);
      ctx.state.traceparent = span.traceparent;
      try {
        const answer = await route.handle(readRequest({ route, names }, ctx, span.traceparent));
        span.end();
        return answer;
      } catch (error) {
        span.end(error);
        throw error;
      }
    };
    all.register(pattern, [route.method], serve, { pathAsRegExp: true });
  }
  return all;
}

function unmatched(ctx: RouterContext<State>): Answer {
  const methods = new Set((ctx.matched ?? []).flatMap((layer) => layer.methods));
  if (methods.size === 0) {
    return problem(404, {
      detail: 'There is no such route. GET /openapi.json lists the routes of this service.',
    });
  }
  const headers = { Allow: [...methods, 'OPTIONS'].join(', ') };
  return ctx.method === 'OPTIONS'
    ? { status: 204, body: {}, headers }
    : problem(405, { detail: `This route answers ${headers.Allow}.`, headers });
}
