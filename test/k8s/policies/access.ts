import { type Container, environment, ofKind, workloads } from '../manifests';
import type { Policy } from './pods';

interface Route {
  parentRefs: { name: string }[];
  rules: { matches?: { path?: { type?: string }; method?: string }[]; backendRefs?: { name: string }[] }[];
}
interface Proxy {
  provider: { kubernetes: { envoyService?: { type?: string } } };
}
interface Gateway {
  infrastructure: { parametersRef: { name: string } };
}

/** The one that buyers reach. */
const PUBLIC = 'chandlery';

/** Each service wants tokens, of the one issuer. */
export const accessRequired: Policy = (manifests) => {
  const services = workloads(manifests).filter(
    ({ labels }) => labels['app.kubernetes.io/component'] === 'service',
  );
  const issuers = new Set<string>();
  const open = services.flatMap(({ name, pod }) => {
    const { ACCESS, AUTH_ISSUER = '' } = environment(manifests, pod.containers[0] as Container);
    issuers.add(AUTH_ISSUER);
    return ACCESS === 'required' || name === 'Deployment/account'
      ? []
      : [`${name}: lets everybody do everything`];
  });
  return [...open, ...(issuers.size === 1 ? [] : [`there are several issuers: ${[...issuers].join(', ')}`])];
};

/**
 * Everything that the public Gateway leads to is named with its method: k8s/components/access writes it from the audiences. Pages
 * have any path and may be read, and ./pages.ts looks which of them anybody gets.
 */
export const publicRoutesNamed: Policy = (manifests) =>
  ofKind<Route>(manifests, 'HTTPRoute')
    .filter(({ spec }) => spec.parentRefs.some(({ name }) => name === PUBLIC))
    .flatMap(({ metadata, spec }) =>
      spec.rules
        .filter(({ backendRefs }) => backendRefs)
        .flatMap(({ matches = [{}], backendRefs = [] }) =>
          matches.map((match) => ({
            ...match,
            isPage: backendRefs.every(({ name }) => name === 'storefront'),
          })),
        )
        .filter(({ path, method, isPage }) =>
          isPage
            ? method !== 'GET' && method !== 'HEAD'
            : path?.type !== 'RegularExpression' || method === undefined,
        )
        .map(() => `HTTPRoute/${metadata.name}: leads buyers to whatever begins like this`),
    );

/** What is for staff has no address outside of the cluster. */
export const staffInside: Policy = (manifests) => {
  const gateways = ofKind<Gateway>(manifests, 'Gateway').filter(({ metadata }) => metadata.name !== PUBLIC);
  const outside = gateways.filter(({ spec }) => {
    const proxy = ofKind<Proxy>(manifests, 'EnvoyProxy').find(
      ({ metadata }) => metadata.name === spec.infrastructure.parametersRef.name,
    );
    return proxy?.spec.provider.kubernetes.envoyService?.type !== 'ClusterIP';
  });
  return [
    ...(gateways.length === 1 ? [] : ['there is no Gateway for staff']),
    ...outside.map(({ metadata }) => `Gateway/${metadata.name}: has an address outside of the cluster`),
  ];
};

interface Traffic {
  targetRefs: { kind: string; name: string }[];
  rateLimit?: {
    type: string;
    local?: { rules: { clientSelectors?: { sourceCIDR?: { type?: string; value: string } }[] }[] };
  };
}

/** Each client address has a limit at the Gateway for the public, whichever IP family it is of. Programs of staff have none. */
export const strangersLimited: Policy = (manifests) =>
  ofKind<Traffic>(manifests, 'BackendTrafficPolicy').flatMap(({ metadata, spec }) => {
    const [target] = spec.targetRefs;
    if (target?.kind !== 'Gateway') {
      return [];
    }
    const selectors = spec.rateLimit?.local?.rules.flatMap(({ clientSelectors = [] }) => clientSelectors);
    const limited = (selectors ?? []).flatMap(({ sourceCIDR }) =>
      sourceCIDR?.type === 'Distinct' ? [sourceCIDR.value] : [],
    );
    const wanted = target.name === PUBLIC ? ['0.0.0.0/0', '::/0'] : [];
    return limited.join() === wanted.join() ? [] : [`${metadata.name}: has limits for [${limited}]`];
  });
