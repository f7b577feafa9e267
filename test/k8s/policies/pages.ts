import { pagesNames } from '../../../shared/pages';
import { serviceNames, services } from '../../../shared/services';
import { isClosed, type Manifest, type Overlay, ofKind, workloads } from '../manifests';
import type { Policy } from './pods';

/** What browsers get from the pages' own pods, and at which Gateway. */

interface Match {
  path?: { type?: 'Exact' | 'PathPrefix' | 'RegularExpression'; value?: string };
  method?: string;
  headers?: object[];
}
interface Rule {
  matches?: Match[];
  backendRefs?: { name: string }[];
  filters?: { type: string; extensionRef?: { kind: string; name: string } }[];
}
interface Route {
  parentRefs: { name: string; sectionName?: string }[];
  rules: Rule[];
}

/** The listener that buyers reach, in every overlay. */
const PUBLIC = 'chandlery/https';

const listenersOf = ({ parentRefs }: Route) =>
  parentRefs.map(({ name, sectionName }) => `${name}/${sectionName}`);

const leadsTo = (rule: Rule, name: string) => rule.backendRefs?.some((backend) => backend.name === name);

function covers({ type = 'PathPrefix', value = '/' }: NonNullable<Match['path']>, path: string): boolean {
  switch (type) {
    case 'Exact':
      return path === value;
    case 'RegularExpression':
      return new RegExp(`^(?:${value})$`).test(path);
    case 'PathPrefix':
      return value === '/' || path === value || path.startsWith(`${value}/`);
  }
}

/** As Envoy Gateway does: an exact path first, then a pattern, then the longest prefix. */
const ORDER = ['PathPrefix', 'RegularExpression', 'Exact'];
const precedence = ({ type = 'PathPrefix', value = '/' }: NonNullable<Match['path']>) =>
  ORDER.indexOf(type) * 1_000 + value.length;

/**
 * Returns the rules that may get a request without a special header: several when no path decides which of them does.
 * @param listener as "gateway/listener"
 */
function rulesFor(manifests: readonly Manifest[], listener: string, method: string, path: string): Rule[] {
  const matching = ofKind<Route>(manifests, 'HTTPRoute')
    .filter(({ spec }) => listenersOf(spec).includes(listener))
    .flatMap(({ spec }) => spec.rules)
    .flatMap((rule) =>
      (rule.matches ?? [{}])
        .filter((match) => (match.headers ?? []).length === 0)
        .filter((match) => match.method === undefined || match.method === method)
        .filter((match) => covers(match.path ?? {}, path))
        .map((match) => ({ rule, rank: precedence(match.path ?? {}) })),
    );
  const first = Math.max(...matching.map(({ rank }) => rank));
  return matching.filter(({ rank }) => rank === first).map(({ rule }) => rule);
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Whatever begins like the API is answered by a service, or 404, and never with a page; whatever else is read is a page. */
export const apiIsNoPage: Policy = (manifests) => {
  const ofPages = ofKind<Route>(manifests, 'HTTPRoute').filter(({ spec }) =>
    spec.rules.some((rule) => pagesNames.some((name) => leadsTo(rule, name))),
  );
  const filters = ofKind<{ directResponse?: { statusCode?: number } }>(manifests, 'HTTPRouteFilter');
  const isNotFound = ({ backendRefs, filters: own = [] }: Rule) =>
    backendRefs === undefined &&
    own.some(({ extensionRef }) =>
      filters.some(
        ({ metadata, spec }) =>
          metadata.name === extensionRef?.name && spec.directResponse?.statusCode === 404,
      ),
    );
  return ofPages.flatMap(({ metadata, spec }) =>
    listenersOf(spec).flatMap((listener) => {
      const wrong = METHODS.flatMap((method) => [
        ...serviceNames.flatMap((service) => {
          const segment = `/${services[service].path}`;
          return [segment, `${segment}/`, `${segment}/no/such/path`].flatMap((path) => {
            const rules = rulesFor(manifests, listener, method, path);
            const isRight =
              rules.length > 0 && rules.every((rule) => leadsTo(rule, service) || isNotFound(rule));
            return isRight ? [] : [`${method} ${path} may get a page, or another service`];
          });
        }),
        ...['/', '/basket', '/assets/index.js', '/ordersomething'].flatMap((path) => {
          const rules = rulesFor(manifests, listener, method, path);
          const isRead = method === 'GET' || method === 'HEAD';
          const wanted = isRead
            ? rules.length === 1 && leadsTo(rules[0] as Rule, metadata.name)
            : rules.length === 0;
          return wanted ? [] : [`${method} ${path} is not answered as a page`];
        }),
      ]);
      return wrong.map((fault) => `HTTPRoute/${metadata.name}: ${fault}, at ${listener}`);
    }),
  );
};

/** Buyers get one kind of pages and staff the other, each at a listener of its own. */
export const staffsPagesApart =
  (overlay: Overlay): Policy =>
  (manifests) => {
    const where = (name: string) =>
      ofKind<Route>(manifests, 'HTTPRoute')
        .filter(({ spec }) => spec.rules.some((rule) => leadsTo(rule, name)))
        .flatMap(({ spec }) => listenersOf(spec));
    const ofStaff = isClosed(overlay) ? 'staff/https' : 'chandlery/staff';
    return [
      ...(where('storefront').join() === PUBLIC ? [] : [`storefront: is at [${where('storefront')}]`]),
      ...(where('admin').join() === ofStaff ? [] : [`admin: is at [${where('admin')}]`]),
    ];
  };

/** The pages' pods are the same program, which keeps nothing, knows nothing secret and asks nobody. */
export const pagesKnowNothing: Policy = (manifests) =>
  pagesNames.flatMap((name) => {
    const workload = workloads(manifests).find((each) => each.name === `Deployment/${name}`);
    const container = workload?.pod.containers[0];
    const settings = ofKind(manifests, 'ConfigMap').find(
      ({ metadata }) => metadata.name === container?.envFrom?.[0]?.configMapRef?.name,
    )?.data;
    return [
      !/(^|\/)chandlery\/web:/.test(container?.image ?? '') && 'runs another image',
      settings?.PAGES !== name && 'shows the pages of somebody else',
      (container?.env?.some(({ valueFrom }) => valueFrom) ||
        container?.envFrom?.some(({ secretRef }) => secretRef)) &&
        'gets a Secret',
      (workload?.pod.volumes ?? []).length > 0 && 'has a volume',
      settings?.API_URL !== undefined && 'passes requests on',
    ]
      .filter((fault) => typeof fault === 'string')
      .map((fault) => `Deployment/${name}: ${fault}`);
  });
