import { SERVER_OPTIONS } from '../../../shared/http/limits';
import { type Manifest, mebibytes, ofKind } from '../manifests';
import type { Policy } from './pods';

/** What the gateway's proxies hold open, for how long, and what that takes of memory. */
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

/** Seconds of the Gateway API's durations, as far as these are used here. */
function seconds(duration: string): number {
  const [, number, unit = ''] = /^(\d+)(s|m|h)$/.exec(duration) ?? [];
  const factor = { s: 1, m: 60, h: 3_600 }[unit];
  if (number === undefined || factor === undefined) {
    throw new Error(`${duration} is no duration known here`);
  }
  return Number(number) * factor;
}

/** A request that meets a connection which the service is just closing is answered 503. Envoy keeps one for an hour. */
export const gatewayClosesFirst: Policy = (all) =>
  ofKind<TowardsServices>(all, 'BackendTrafficPolicy').flatMap(({ metadata, spec }) => {
    const idle = spec.timeout?.http?.connectionIdleTimeout ?? '1h';
    const kept = (SERVER_OPTIONS.keepAliveTimeout ?? 0) / 1_000;
    return seconds(idle) < kept
      ? []
      : [`BackendTrafficPolicy/${metadata.name}: keeps connections for ${idle}, and services for ${kept} s`];
  });

const KIBIBYTES_OF_A_BUYER = 64;
const KIBIBYTES_OF_A_SERVICE = 32;
const MEBIBYTES_OF_ENVOY = 128;

const proxies = (all: readonly Manifest[]) =>
  ofKind<Proxy>(all, 'EnvoyProxy').map(({ spec }) => spec.provider.kubernetes.envoyDeployment);

/** All connections that a proxy may have at once, by the budgets in gateway.yaml, leave a quarter of its memory free. */
export const proxyFits: Policy = (all) => {
  const buyers = ofKind<TowardsBuyers>(all, 'ClientTrafficPolicy').map(
    ({ spec }) => spec.connection?.connectionLimit?.value ?? 50_000,
  );
  const services = ofKind<TowardsServices>(all, 'BackendTrafficPolicy').map(
    ({ spec }) => spec.circuitBreaker?.maxConnections ?? 1_024,
  );
  const most =
    (Math.max(...buyers) * KIBIBYTES_OF_A_BUYER + Math.max(...services) * KIBIBYTES_OF_A_SERVICE) / 1_024 +
    MEBIBYTES_OF_ENVOY;
  return proxies(all)
    .map(({ container }) => mebibytes(container.resources.limits.memory))
    .filter((limit) => most > 0.75 * limit)
    .map((limit) => `EnvoyProxy: may need ${Math.ceil(most)} MiB of ${limit}`);
};

/** MiB that all proxies ask for. */
export const proxiesRequest = (all: readonly Manifest[]): number =>
  proxies(all).reduce(
    (sum, { replicas, container }) => sum + replicas * mebibytes(container.resources.requests.memory),
    0,
  );
