import { SERVER_OPTIONS } from '../../../shared/http/limits';
import { type Manifest, mebibytes, ofKind } from '../manifests';
import type { Policy } from './pods';

/** How many connections the gateway's proxies may keep open, for how long, and how much memory that takes. */
interface TowardsServices {
  circuitBreaker?: { maxConnections?: number };
  timeout?: { http?: { connectionIdleTimeout?: string } };
}
interface TowardsBuyers {
  connection?: { connectionLimit?: { value?: number } };
}
interface Proxy {
  provider: {
    kubernetes: {
      envoyDeployment: {
        replicas: number;
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
  ofKind<TowardsServices>(manifests, 'BackendTrafficPolicy').flatMap(({ metadata, spec }) => {
    const idle = spec.timeout?.http?.connectionIdleTimeout ?? '1h';
    const kept = (SERVER_OPTIONS.keepAliveTimeout ?? 0) / 1_000;
    return seconds(idle) < kept
      ? []
      : [
          `BackendTrafficPolicy/${metadata.name}: keeps connections for ${idle}, but services only for ${kept} s`,
        ];
  });

const KIBIBYTES_OF_A_BUYER = 64;
const KIBIBYTES_OF_A_SERVICE = 32;
const MEBIBYTES_OF_ENVOY = 128;

const proxies = (manifests: readonly Manifest[]) =>
  ofKind<Proxy>(manifests, 'EnvoyProxy').map(({ spec }) => spec.provider.kubernetes.envoyDeployment);

/** With all connections that a proxy may have, the budgets in gateway.yaml leave a quarter of its memory free. */
export const proxyFits: Policy = (manifests) => {
  const buyers = ofKind<TowardsBuyers>(manifests, 'ClientTrafficPolicy').map(
    ({ spec }) => spec.connection?.connectionLimit?.value ?? 50_000,
  );
  const services = ofKind<TowardsServices>(manifests, 'BackendTrafficPolicy').map(
    ({ spec }) => spec.circuitBreaker?.maxConnections ?? 1_024,
  );
  const most =
    (Math.max(...buyers) * KIBIBYTES_OF_A_BUYER + Math.max(...services) * KIBIBYTES_OF_A_SERVICE) / 1_024 +
    MEBIBYTES_OF_ENVOY;
  return proxies(manifests)
    .map(({ container }) => mebibytes(container.resources.limits.memory))
    .filter((limit) => most > 0.75 * limit)
    .map((limit) => `EnvoyProxy: may need ${Math.ceil(most)} MiB of ${limit}`);
};

/** Returns the MiB that all proxies request together. */
export const proxiesRequest = (manifests: readonly Manifest[]): number =>
  proxies(manifests).reduce(
    (sum, { replicas, container }) => sum + replicas * mebibytes(container.resources.requests.memory),
    0,
  );
