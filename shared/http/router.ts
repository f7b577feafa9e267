import type { Attributes } from '../observe/trace';
import { type Answer, problem } from './problem';
import type { Route } from './route';

/** A matched route. */
export interface Match {
  readonly route: Route;
  /** The name and the attributes of its span. */
  readonly name: string;
  readonly attributes: Attributes;
  /** The parameters as they are in the path, with their percent escapes. */
  readonly params: Readonly<Record<string, string>>;
}

export interface Router {
  /** HEAD is matched like GET. */
  match(method: string, path: string): Match | undefined;
  /** Whether a route that matches wants a body. The target is a path with a query, as in a request line. */
  wantsBody(method: string, target: string): boolean;
  /** Returns the answer when no route matches: 404, 405, or the allowed methods to OPTIONS. */
  unmatched(method: string, path: string): Answer;
}

/**
 * There are a dozen templates, and no two match the same path with the same method, so they are tried one after the
 * other. @koa/router is not used, because its chain of functions is kept for as long as a checkout waits
 * (docs/decisions/0014).
 */
export function openRouter(routes: readonly Route[]): Router {
  const candidates = routes.map((route) => ({
    route,
    pattern: patternOf(route.path),
    name: `${route.method} ${route.path}`,
    attributes: { 'http.request.method': route.method, 'http.route': route.path },
  }));

  const withBody = routes.some(({ body }) => body !== undefined);
  const router: Router = {
    match(method, path) {
      const wanted = method === 'HEAD' ? 'GET' : method;
      for (const { route, pattern, name, attributes } of candidates) {
        const found = route.method === wanted ? pattern.exec(path) : null;
        if (found) {
          return { route, name, attributes, params: found.groups ?? {} };
        }
      }
      return undefined;
    },
    wantsBody(method, target) {
      return withBody && router.match(method, target.replace(/\?.*/s, ''))?.route.body !== undefined;
    },
    unmatched(method, path) {
      const matching = candidates.filter(({ pattern }) => pattern.test(path));
      const methods = new Set(matching.map(({ route }) => route.method));
      if (methods.size === 0) {
        return problem(404, {
          detail: 'There is no such route. GET /openapi.json lists the routes of this service.',
        });
      }
      const allowed = [...methods].flatMap((name) => (name === 'GET' ? ['HEAD', name] : name));
      const headers = { Allow: [...allowed, 'OPTIONS'].join(', ') };
      return method === 'OPTIONS'
        ? { status: 204, body: {}, headers }
        : problem(405, { detail: `This route allows ${headers.Allow}.`, headers });
    },
  };
  return router;
}

/** A parameter matches any text, so that invalid text is answered with 400 and not 404. */
function patternOf(template: string): RegExp {
  return new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]*)')}$`);
}
