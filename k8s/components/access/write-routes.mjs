// The public Gateway leads to what is for everybody and for buyers, and to nothing else. Which routes that are, the services
// themselves say. This script writes public-routes.yaml from their audiences; run "npm run build" first. With --check it
// writes nothing, and fails when the file is out of date. What begins like the API and is not public is answered there, so that
// the storefront, which gets all the rest, does not get it.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const here = import.meta.dirname;
const file = join(here, 'public-routes.yaml');
const load = createRequire(join(here, '../../../dist/any.js'));
const { serviceNames, services } = load('./shared/services.js');

const PUBLIC = ['public', 'session', 'buyer'];

/** What routes are made from. Nothing connects before a request comes, and none does. */
const database = { pool: new (load('pg').Pool)() };
const options = { database, reads: database, searches: database, stockUrl: 'http://stock', issuer: '' };

function publicRoutes(service) {
  const { routes } = load(`./${service}/src/http/index.js`);
  const ofSaga = service === 'order' ? [load('./order/src/checkout/route.js').checkout({})] : [];
  return [...routes(options), ...ofSaga].filter(({ audience }) => PUBLIC.includes(audience));
}

/** Parameters match any text but a slash: the service itself says what is wrong with them. */
const path = (template) => `${template.replaceAll('.', '[.]').replaceAll(/\{\w+\}/g, '[^/]+')}`;

function matches(routes, { withKey = false } = {}) {
  return routes.map((route) => {
    const key = '\n          headers: [{ name: Idempotency-Key, type: RegularExpression, value: .+ }]';
    return `        - path: { type: RegularExpression, value: ${JSON.stringify(path(route.path))} }
          method: ${route.method}${withKey ? key : ''}`;
  });
}

/** What asks about a route, and does nothing. */
const withHead = (reads) => reads.flatMap((route) => [route, { ...route, method: 'HEAD' }]);
const questions = (routes) =>
  [...new Set(routes.map((route) => route.path))].map((path) => ({ path, method: 'OPTIONS' }));

/** As in ../../services/SERVICE/gateway/route.yaml, which leads to everything. */
function rules(service) {
  const routes = publicRoutes(service);
  const isCheckout = (route) => services[service].waits.some((beginning) => route.path.startsWith(beginning));
  const reads = routes.filter(({ method }) => method === 'GET');
  const writes = routes.filter((route) => route.method !== 'GET' && !isCheckout(route));
  const all = [
    ['checkout', matches(routes.filter(isCheckout))],
    [
      'repeatable',
      [
        ...matches(withHead(reads)),
        ...matches(
          writes.filter(({ idempotent }) => idempotent),
          { withKey: true },
        ),
      ],
    ],
    ['others', [...matches(writes), ...matches(questions(routes))]],
  ];
  return all
    .filter(([, found]) => found.length > 0)
    .map(
      ([name, found]) => `    - name: ${name}
      matches:
${found.join('\n')}
      timeouts: { request: 60s }
      backendRefs: [{ name: ${service}, port: 80 }]`,
    );
}

const manifest = (service) => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: ${service}-public
  labels:
    app.kubernetes.io/name: ${service}
    app.kubernetes.io/instance: chandlery
    app.kubernetes.io/component: gateway
spec:
  parentRefs: [{ name: chandlery, sectionName: https }]
  hostnames: [shop.example]
  rules:
${rules(service).join('\n')}
`;

const unpublished = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: unpublished
  labels:
    app.kubernetes.io/name: gateway
    app.kubernetes.io/instance: chandlery
    app.kubernetes.io/component: gateway
spec:
  parentRefs: [{ name: chandlery, sectionName: https }]
  hostnames: [shop.example]
  rules:
    - matches:
${serviceNames.map((name) => `        - path: { type: PathPrefix, value: /${services[name].path} }`).join('\n')}
      filters:
        - type: ExtensionRef
          extensionRef: { group: gateway.envoyproxy.io, kind: HTTPRouteFilter, name: unpublished }
`;

const wanted = `# Written by "node k8s/components/access/write-routes.mjs" from the audiences of the routes: change those.
${[...serviceNames.map(manifest), unpublished].join('---\n')}`;
if (!process.argv.includes('--check')) {
  writeFileSync(file, wanted);
} else if (readFileSync(file, 'utf8') !== wanted) {
  console.error(
    `public-routes.yaml does not have the routes that are public. Run "node ${process.argv[1]}".`,
  );
  process.exitCode = 1;
}
