import type { Attributes } from '../observe/trace';
import { type Answer, problem } from './problem';
import type { Route } from './route';

/** A route that was matched. */
export interface Match {
  readonly route: Route;
  /** What its span is called, and what the span is told of it. */
  readonly name: string;
  readonly attributes: Attributes;
  /** The parameters as they stand in the path, escapes and all. */
  readonly params: Readonly<Record<string, string>>;
}

export interface Router {
  /** HEAD is matched like GET. */
  match(method: string, path: string): Match | undefined;
  /** What is answered where nothing is matched: 404, 405, or to OPTIONS what is allowed. */
  unmatched(method: string, path: string): Answer;
}

/**
 * There are a dozen templates, and no two match the same path with the same method, so they are tried one after the other.
 * Not by @koa/router, whose own chain of functions is kept for as long as a checkout is held (docs/decisions/0014).
 */
export function openRouter(routes: readonly Route[]): Router {
  const all = routes.map((route) => ({
    route,
    pattern: patternOf(route.path),
    name: `${route.method} ${route.path}`,
    attributes: { 'http.request.method': route.method, 'http.route': route.path },
  }));

  return {
    match(method, path) {
      const wanted = method === 'HEAD' ? 'GET' : method;
      for (const { route, pattern, name, attributes } of all) {
        const found = route.method === wanted ? pattern.exec(path) : null;
        if (found) {
          return { route, name, attributes, params: found.groups ?? {} };
        }
      }
      return undefined;
    },
    unmatched(method, path) {
      const methods = new Set(all.filter((one) => one.pattern.test(path)).map((one) => one.route.method));
      if (methods.size === 0) {
        return problem(404, {
          detail: 'There is no such route. GET /openapi.json lists the routes of this service.',
        });
      }
      const allowed = [...methods].flatMap((one) => (one === 'GET' ? ['HEAD', one] : one));
      const headers = { Allow: [...allowed, 'OPTIONS'].join(', ') };
      return method === 'OPTIONS'
        ? { status: 204, body: {}, headers }
        : problem(405, { detail: `This route answers ${headers.Allow}.`, headers });
    },
  };
}

/** Any text is taken for a parameter, so that odd text is a 400 and not a 404. */
function patternOf(template: string): RegExp {
  return new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]*)')}$`);
}
