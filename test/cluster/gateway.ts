import type {
  CoreV1Api,
  CustomObjectsApi,
  DiscoveryV1Api,
  V1EndpointSlice,
  V1Pod,
  V1Service,
} from '@kubernetes/client-node';
import { tally } from '../../tools/support/tally';

/** A pod of the gateway that takes new connections, and its port for TLS. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What the test calls it, beside the names of services. */
export const GATEWAY = 'gateway';
const HTTPS = 443;
const OWNER = 'gateway.envoyproxy.io/owning-gateway';
const ROUTES = { group: 'gateway.networking.k8s.io', version: 'v1', plural: 'gateways' };
const PROXIES = { group: 'gateway.envoyproxy.io', version: 'v1alpha1', plural: 'envoyproxies' };

interface Clients {
  readonly core: CoreV1Api;
  readonly custom: CustomObjectsApi;
  readonly discovery: DiscoveryV1Api;
}

export type Gateway = ReturnType<typeof gatewayOf>;

/**
 * The gateway "chandlery", and the pods that Envoy Gateway runs for it.
 * @param merge the options of a request whose body is a merge patch
 */
export function gatewayOf(
  { core, custom, discovery }: Clients,
  namespace: string,
  merge: Parameters<CoreV1Api['patchNode']>[1],
) {
  const labelSelector = `${OWNER}-name=chandlery,${OWNER}-namespace=${namespace}`;

  /** Returns the host name under which it serves the shop. */
  async function host(): Promise<string> {
    const gateway = await custom.getNamespacedCustomObject({ ...ROUTES, namespace, name: 'chandlery' });
    const { listeners } = (gateway as { spec: { listeners: { hostname?: string }[] } }).spec;
    const name = listeners.find(({ hostname }) => hostname)?.hostname;
    if (name === undefined) {
      throw new Error('No listener of the Gateway "chandlery" has a host name.');
    }
    return name;
  }

  async function service(): Promise<V1Service> {
    const [found] = (await core.listServiceForAllNamespaces({ labelSelector })).items;
    if (!found) {
      throw new Error(
        'The Gateway "chandlery" has no Service: check that the Envoy Gateway controller runs.',
      );
    }
    return found;
  }

  /** Returns the certificate that its clients trust. */
  async function certificate(): Promise<string> {
    const { data } = await core.readNamespacedSecret({ namespace, name: 'chandlery-tls' });
    return Buffer.from(data?.['tls.crt'] ?? '', 'base64').toString();
  }

  async function endpoints({ metadata, spec }: V1Service): Promise<Endpoint[]> {
    const port = spec?.ports?.find((candidate) => candidate.port === HTTPS)?.name;
    const slices = await discovery.listNamespacedEndpointSlice({
      namespace: metadata?.namespace ?? '',
      labelSelector: `kubernetes.io/service-name=${metadata?.name}`,
    });
    return endpointsIn(slices.items, port);
  }

  async function pods(): Promise<V1Pod[]> {
    return (await core.listPodForAllNamespaces({ labelSelector })).items;
  }

  /** Envoy Gateway makes the Deployment from this, and would undo a change of the Deployment itself. */
  async function change(envoyDeployment: object): Promise<void> {
    const body = { spec: { provider: { kubernetes: { envoyDeployment } } } };
    await custom.patchNamespacedCustomObject({ ...PROXIES, namespace, name: 'chandlery', body }, merge);
  }

  async function restart(annotations: Record<string, string>): Promise<void> {
    await change({ pod: { annotations } });
  }

  async function scale(replicas: number): Promise<void> {
    await change({ replicas });
  }

  /** Returns why its proxies could not forward requests lately, as their logs say: each reason with its number. */
  async function refusals(sinceSeconds: number): Promise<Record<string, number>> {
    const logs = (await pods()).map(async ({ metadata }) => {
      const { name = '', namespace = '' } = metadata ?? {};
      const log = core.readNamespacedPodLog({ name, namespace, container: 'envoy', sinceSeconds });
      return refusalsIn(await log.catch(() => ''));
    });
    return tally((await Promise.all(logs)).flat());
  }

  return { labelSelector, host, service, certificate, endpoints, pods, refusals, restart, scale };
}

interface LogLine {
  response_code?: number;
  response_flags?: string;
  response_code_details?: string;
  upstream_transport_failure_reason?: string | null;
  upstream_host?: string | null;
}

/** Returns the reason of each 503 in the log of a proxy, in Envoy's words. */
export function refusalsIn(log: string): string[] {
  return (
    log
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as LogLine)
      // What a service answers itself has no flag.
      .filter(({ response_code, response_flags }) => response_code === 503 && response_flags !== '-')
      .map((line) =>
        [
          line.response_flags,
          line.response_code_details,
          line.upstream_transport_failure_reason,
          `at ${line.upstream_host ?? 'no pod'}`,
        ]
          .filter((part) => part && part !== '-')
          .join(' '),
      )
  );
}

/** Returns the pods that are ready and not about to end. @param port its name in the Service */
export function endpointsIn(slices: readonly V1EndpointSlice[], port: string | undefined): Endpoint[] {
  return slices.flatMap(({ endpoints, ports }) => {
    const number = ports?.find(({ name }) => name === port)?.port;
    const ready = endpoints?.filter(({ conditions }) => conditions?.ready !== false) ?? [];
    return number === undefined
      ? []
      : ready.flatMap(({ addresses }) => addresses.map((host) => ({ host, port: number })));
  });
}
