import { parse } from 'yaml';
import { ofKind } from '../manifests';
import type { Policy } from './pods';

/** Which requests the gateway may send a second time, and when it finds out that it has to. */

interface Repeating {
  targetRefs: { kind: string; name: string; sectionName?: string }[];
  mergeType?: string;
  tcpKeepalive?: { idleTime?: string; interval?: string; probes?: number };
  retry?: { retryOn?: { triggers?: string[]; httpStatusCodes?: number[] } };
}
interface Match {
  path?: { value: string };
  method?: string;
  headers?: { name: string; type?: string; value: string }[];
}
interface Route {
  rules: { name?: string; matches?: Match[] }[];
}
interface Proxy {
  bootstrap?: { type: string; value: string };
}

/** As in the routes that lead to everything, and in the public ones. */
const CHECKOUTS = ['/orders/checkout/', '/orders/checkout/[^/]+'];

/** A read, a checkout, or whatever its client may repeat itself. */
function isRepeatable({ path, method, headers = [] }: Match): boolean {
  const hasKey = headers.some(
    ({ name, type, value }) =>
      /^idempotency-key$/i.test(name) && type === 'RegularExpression' && value === '.+',
  );
  const isRead = method === 'GET' || method === 'HEAD';
  return isRead || hasKey || (method === 'POST' && CHECKOUTS.includes(path?.value ?? ''));
}

/** A pod that is lost may have carried out what it was sent. So only what may be carried out twice is sent to another. */
export const onlyRepeatableRepeated: Policy = (manifests) => {
  const routes = ofKind<Route>(manifests, 'HTTPRoute');
  return ofKind<Repeating>(manifests, 'BackendTrafficPolicy').flatMap(({ metadata, spec }) => {
    // By default, Envoy Gateway repeats answers, too.
    const { triggers = spec.retry ? ['its default'] : [], httpStatusCodes = [] } = spec.retry?.retryOn ?? {};
    const fault = (text: string) => [`BackendTrafficPolicy/${metadata.name}: ${text}`];
    if (httpStatusCodes.length > 0 || triggers.some((one) => !['connect-failure', 'reset'].includes(one))) {
      return fault('repeats what was answered');
    }
    if (!triggers.includes('reset')) {
      return [];
    }
    if (spec.mergeType === undefined) {
      return fault("replaces the Gateway's policy");
    }
    return spec.targetRefs.flatMap(({ kind, name, sectionName }) => {
      const rule = routes
        .find(({ metadata }) => kind === 'HTTPRoute' && metadata.name === name)
        ?.spec.rules.find((one) => one.name === sectionName && sectionName !== undefined);
      return rule?.matches?.every(isRepeatable) ? [] : fault(`repeats what ${name} may have carried out`);
    });
  });
};

const IPPROTO_TCP = 6;
const TCP_USER_TIMEOUT = 18;

/** A node that is lost closes no connection. An idle one is probed, and one with a request must be acknowledged. */
export const lostConnectionsEnd: Policy = (manifests) => {
  const ofGateways = ofKind<Repeating>(manifests, 'BackendTrafficPolicy').filter(
    ({ spec }) => spec.targetRefs[0]?.kind === 'Gateway',
  );
  const idle = ofGateways.length > 0 && ofGateways.every(({ spec }) => spec.tcpKeepalive);
  const proxies = ofKind<Proxy>(manifests, 'EnvoyProxy');
  const busy = proxies.every(({ spec }) => {
    const { cluster_manager } = parse(spec.bootstrap?.value ?? '{}');
    const options: { level: number; name: number; int_value: number }[] =
      cluster_manager?.upstream_bind_config?.socket_options ?? [];
    return options.some(
      ({ level, name, int_value }) =>
        level === IPPROTO_TCP && name === TCP_USER_TIMEOUT && int_value > 0 && int_value <= 5_000,
    );
  });
  return [
    ...(idle ? [] : ['idle connections to a lost node are kept']),
    ...(busy && proxies.length > 0 ? [] : ['what was sent to a lost node is waited for']),
  ];
};
