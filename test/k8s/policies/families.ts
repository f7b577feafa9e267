import { type Manifest, nameOf, ofKind, workloads } from '../manifests';
import type { IpBlock } from './network';
import type { Policy } from './pods';

/** What a cluster must find to run the shop with IPv4, with IPv6, or with both. */

interface Service {
  ipFamilyPolicy?: string;
  ipFamilies?: string[];
}
interface NetworkPolicy {
  ingress?: { from?: { ipBlock?: IpBlock }[] }[];
  egress?: { to?: { ipBlock?: IpBlock }[] }[];
}
interface Proxy {
  ipFamily?: string;
  provider: { kubernetes: { envoyService?: { patch?: { value: { spec?: Service } } } } };
}

const insists = ({ ipFamilyPolicy, ipFamilies = [] }: Service) =>
  ipFamilyPolicy === 'RequireDualStack' || ipFamilies.length > 0;

/**
 * A Service that names no family gets an address of the cluster's first one, and a cluster of any kind accepts it. With two
 * addresses, the gateway would take each pod of it for two.
 */
export const anyFamilyAccepted: Policy = (manifests) => [
  ...ofKind<Service>(manifests, 'Service')
    .filter(({ spec }) => insists(spec) || spec.ipFamilyPolicy !== undefined)
    .map(({ metadata }) => `Service/${metadata.name}: chooses a family`),
  ...ofKind<Proxy>(manifests, 'EnvoyProxy')
    .filter(({ spec }) => spec.ipFamily !== undefined && !isAcceptedEverywhere(spec))
    .map(({ metadata }) => `EnvoyProxy/${metadata.name}: a cluster with one family refuses its Service`),
  ...workloads(manifests).flatMap(({ name, pod }) =>
    pod.containers
      .filter(({ env = [] }) => env.some((variable) => variable.name === 'HOST'))
      .map((container) => `${name}: ${container.name} listens on one address only`),
  ),
];

/** Envoy Gateway asks for both families, unless its Service is patched. */
function isAcceptedEverywhere({ ipFamily, provider }: Proxy): boolean {
  const service = provider.kubernetes.envoyService?.patch?.value.spec;
  return ipFamily === 'DualStack' && service?.ipFamilyPolicy === 'PreferDualStack' && !insists(service);
}

const LINK_LOCAL = { '0.0.0.0/0': '169.254.0.0/16', '::/0': 'fe80::/10' } as const;

/** Whoever may reach every address may do so with both families, and reaches nothing of the machine itself. */
export const bothFamiliesAllowed: Policy = (manifests: readonly Manifest[]) =>
  ofKind<NetworkPolicy>(manifests, 'NetworkPolicy').flatMap((policy) => {
    const { ingress = [], egress = [] } = policy.spec;
    return [...ingress.map(({ from = [] }) => from), ...egress.map(({ to = [] }) => to)].flatMap((peers) => {
      const blocks = peers.flatMap(({ ipBlock }) => ipBlock ?? []);
      if (!blocks.some(({ cidr }) => cidr in LINK_LOCAL)) {
        return [];
      }
      return Object.entries(LINK_LOCAL)
        .filter(([all, own]) => !blocks.some(({ cidr, except = [] }) => cidr === all && except.includes(own)))
        .map(([all, own]) => `${nameOf(policy)}: does not allow ${all} except ${own}`);
    });
  });
