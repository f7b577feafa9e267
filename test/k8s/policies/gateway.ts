import { SERVER_OPTIONS } from '../../../shared/http/limits';
import { type Manifest, mebibytes, ofKind, type Toleration } from '../manifests';
import { leavesLostNode, type Policy } from './pods';

/** How many connections the gateway's proxies may keep open, for how long, and how much memory that takes. */
interface TowardsServices {
  targetRefs: { kind: string; name: string; sectionName?: string }[];
  circuitBreaker?: { maxConnections?: number };
  timeout?: { http?: { connectionIdleTimeout?: string }; tcp?: { connectTimeout?: string } };
  retry?: { numRetries?: number; retryOn?: { triggers?: string[] } };
  healthCheck?: { panicThreshold?: number; passive?: Passive };
  requestBuffer?: { limit: string };
}
interface Passive {
  splitExternalLocalOriginErrors?: boolean;
  consecutiveLocalOriginFailures?: number;
  consecutive5XxErrors?: number;
  consecutiveGatewayErrors?: number;
  maxEjectionPercent?: number;
  baseEjectionTime?: string;
}
interface HttpRoute {
  parentRefs: { name: string }[];
  rules: { name?: string; backendRefs?: object[] }[];
}
interface TowardsBuyers {
  targetRefs: { kind: string; name: string }[];
  connection?: { connectionLimit?: { value?: number } };
}
interface Proxy {
  provider: {
    kubernetes: {
      envoyDeployment: {
        replicas: number;
        pod?: { tolerations?: Toleration[]; topologySpreadConstraints?: { topologyKey: string }[] };
        container: { resources: { requests: { memory: string }; limits: { memory: string } } };
      };
    };
  };
}

/** Converts a duration of the Gateway API to seconds. It knows the units that are used here. */
function seconds(duration: string): number {
  const [, number, unit = ''] = /^(\d+)(s|m|h)$/.exec(duration) ?? [];
  const factor = { s: 1, m: 60, h: 3_600 }[unit];
  if (number === undefined || factor === undefined) {
    throw new Error(`cannot read the duration ${duration}`);
  }
  return Number(number) * factor;
}

/** A request on a connection that the service is just closing gets a 503. By default Envoy keeps one for an hour. */
export const gatewayClosesFirst: Policy = (manifests) =>
  ofGateway(manifests).flatMap(({ metadata, spec }) => {
    const idle = spec.timeout?.http?.connectionIdleTimeout ?? '1h';
    const kept = (SERVER_OPTIONS.keepAliveTimeout ?? 0) / 1_000;
    return seconds(idle) < kept
      ? []
      : [
          `BackendTrafficPolicy/${metadata.name}: keeps connections for ${idle}, but services only for ${kept} s`,
        ];
  });

/**
 * Envoy knows pods that are not ready, and sends requests there too when fewer are ready than this: by default half of them, so
 * always when a service grows to more than twice its size.
 */
export const startingPodsSpared: Policy = (manifests) =>
  ofGateway(manifests).flatMap(({ metadata, spec }) => {
    const threshold = spec.healthCheck?.panicThreshold ?? 50;
    return threshold === 1
      ? []
      : [
          `BackendTrafficPolicy/${metadata.name}: pods that are not ready get requests when fewer than ${threshold} % are`,
        ];
  });

/** Envoy opens a connection to a service when it knows the head of a request, and the body may take 15 s. */
export const bodiesBuffered: Policy = (manifests) =>
  ofGateway(manifests).flatMap(({ metadata, spec }) =>
    spec.requestBuffer === undefined
      ? [`BackendTrafficPolicy/${metadata.name}: a body that never comes holds a connection to a service`]
      : [],
  );

const ofGateway = (manifests: readonly Manifest[]) =>
  ofKind<TowardsServices>(manifests, 'BackendTrafficPolicy').filter(({ spec }) =>
    spec.targetRefs.some(({ kind }) => kind === 'Gateway'),
  );

/** With two, a few of ten thousand requests met nothing but the lost one of three pods (docs/decisions/0030). */
const MIN_RETRIES = 5;
/** Until the pods of a lost node are no longer endpoints, with a reserve. */
const NOTICED_WITHIN_SECONDS = 60;

/**
 * A request whose connection to a lost node fails goes to another pod, and later ones do not try that node. No answer takes a
 * pod out: all replicas of a service answer 503 together.
 */
export const lostPodsAvoided: Policy = (manifests) => {
  const policies = ofGateway(manifests);
  if (policies.length === 0) {
    return ['there is no BackendTrafficPolicy'];
  }
  const givesUp = ofKind<TowardsServices>(manifests, 'BackendTrafficPolicy')
    .filter(({ spec }) => spec.retry && (spec.retry.numRetries ?? 2) < MIN_RETRIES)
    .map(
      ({ metadata }) =>
        `BackendTrafficPolicy/${metadata.name}: gives up when it has met a lost pod a few times`,
    );
  const lost = policies.flatMap(({ metadata, spec }) => {
    const { triggers = [] } = spec.retry?.retryOn ?? {};
    const passive = spec.healthCheck?.passive;
    const byAnswers = [passive?.consecutive5XxErrors ?? 5, passive?.consecutiveGatewayErrors ?? 0];
    return [
      seconds(spec.timeout?.tcp?.connectTimeout ?? '10s') > 1 && 'waits long for a connection',
      !triggers.includes('connect-failure') && 'does not try another pod',
      seconds(passive?.baseEjectionTime ?? '30s') < NOTICED_WITHIN_SECONDS &&
        'tries a pod again before Kubernetes knows that it is lost',
      // Envoy's default of 10 % is less than one pod of two.
      (passive?.maxEjectionPercent ?? 10) < 50 && 'never takes a pod out',
      !(passive?.splitExternalLocalOriginErrors && passive.consecutiveLocalOriginFailures) &&
        'tries a pod again and again to which no connection can be made',
      byAnswers.some((limit) => limit !== 0) && 'takes pods out for what they answer',
    ]
      .filter((fault) => typeof fault === 'string')
      .map((fault) => `BackendTrafficPolicy/${metadata.name}: ${fault}`);
  });
  return [...givesUp, ...lost];
};

const KIBIBYTES_OF_A_BUYER = 64;
const KIBIBYTES_OF_A_SERVICE = 32;
const MEBIBYTES_OF_ENVOY = 128;

const proxies = (manifests: readonly Manifest[]) =>
  ofKind<Proxy>(manifests, 'EnvoyProxy').map(({ spec }) => spec.provider.kubernetes.envoyDeployment);

interface GatewaySpec {
  infrastructure: { parametersRef: { name: string } };
}

/** With all connections that a proxy may have, the budgets in gateway.yaml leave a quarter of its memory free. */
export const proxyFits: Policy = (manifests) =>
  ofKind<GatewaySpec>(manifests, 'Gateway').flatMap((gateway) => proxiesFit(manifests, gateway));

function proxiesFit(
  manifests: readonly Manifest[],
  {
    metadata: { name: gateway },
    spec: { infrastructure },
  }: Pick<Manifest, 'metadata'> & { spec: GatewaySpec },
): string[] {
  const buyers = ofKind<TowardsBuyers>(manifests, 'ClientTrafficPolicy')
    .filter(({ spec }) => spec.targetRefs.some(({ name }) => name === gateway))
    .map(({ spec }) => spec.connection?.connectionLimit?.value ?? 50_000);
  const policies = ofKind<TowardsServices>(manifests, 'BackendTrafficPolicy');
  // Envoy counts for each rule by itself.
  const routes = ofKind<HttpRoute>(manifests, 'HTTPRoute').filter(({ spec }) =>
    spec.parentRefs.some(({ name }) => name === gateway),
  );
  const services = routes.flatMap(({ metadata, spec }) =>
    spec.rules
      .filter(({ backendRefs }) => backendRefs)
      .map(({ name: rule }) => {
        const isOwn = ({ kind, name, sectionName }: TowardsServices['targetRefs'][number]) =>
          kind === 'HTTPRoute' && name === metadata.name && sectionName === rule;
        const own = policies.find(({ spec }) => spec.circuitBreaker && spec.targetRefs.some(isOwn));
        return (own ?? ofGateway(manifests)[0])?.spec.circuitBreaker?.maxConnections ?? 1_024;
      }),
  );
  const connections = services.reduce((sum, most) => sum + most, 0);
  const most =
    (Math.max(50_000 * Number(buyers.length === 0), ...buyers) * KIBIBYTES_OF_A_BUYER +
      connections * KIBIBYTES_OF_A_SERVICE) /
      1_024 +
    MEBIBYTES_OF_ENVOY;
  return ofKind<Proxy>(manifests, 'EnvoyProxy')
    .filter(({ metadata }) => metadata.name === infrastructure.parametersRef.name)
    .map(({ spec }) => mebibytes(spec.provider.kubernetes.envoyDeployment.container.resources.limits.memory))
    .filter((limit) => most > 0.75 * limit)
    .map((limit) => `Gateway/${gateway}: a proxy may need ${Math.ceil(most)} MiB of ${limit}`);
}

/** A proxy keeps nothing on its node. */
export const proxyReplaced: Policy = (manifests) =>
  proxies(manifests)
    .filter(({ pod }) => !leavesLostNode(pod?.tolerations))
    .map(() => 'EnvoyProxy: stays on a lost node for minutes');

export const proxiesSpread: Policy = (manifests) =>
  proxies(manifests).flatMap(({ pod }) => {
    const keys = pod?.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey) ?? [];
    return ['kubernetes.io/hostname', 'topology.kubernetes.io/zone']
      .filter((key) => !keys.includes(key))
      .map((key) => `EnvoyProxy: is not spread over ${key}`);
  });

/** Returns the MiB that all proxies request together. */
export const proxiesRequest = (manifests: readonly Manifest[]): number =>
  proxies(manifests).reduce(
    (sum, { replicas, container }) => sum + replicas * mebibytes(container.resources.requests.memory),
    0,
  );
