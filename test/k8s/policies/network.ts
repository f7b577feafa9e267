import { type Labels, type Manifest, ofKind, type Selector, selects, workloads } from '../manifests';
import type { Policy } from './pods';

/** One end of a connection: a pod of ours or of an operator, or a pod in another namespace. */
interface Party {
  name: string;
  /** Undefined in the shop's own namespace. */
  namespace?: string;
  labels: Labels;
  ports?: Readonly<Record<string, number>>;
}

export interface IpBlock {
  cidr: string;
  except?: string[];
}
interface Peer {
  podSelector?: Selector;
  namespaceSelector?: Selector;
  ipBlock?: IpBlock;
}
interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports?: { port: string | number; protocol?: string }[];
}
interface Spec {
  podSelector: Selector;
  policyTypes: string[];
  ingress?: Rule[];
  egress?: Rule[];
}

/** A connection that is allowed: from which pod, to which pod, on which port. */
export type Flow = `${string} → ${string}:${number | string}`;

const name = 'app.kubernetes.io/name';
const outsiders: Party[] = [
  {
    name: 'gateway',
    namespace: 'envoy-gateway-system',
    labels: {
      'gateway.envoyproxy.io/owning-gateway-name': 'chandlery',
      'gateway.envoyproxy.io/owning-gateway-namespace': 'chandlery',
    },
  },
  {
    name: 'staff',
    namespace: 'envoy-gateway-system',
    labels: {
      'gateway.envoyproxy.io/owning-gateway-name': 'staff',
      'gateway.envoyproxy.io/owning-gateway-namespace': 'chandlery',
    },
  },
  { name: 'prometheus', namespace: 'monitoring', labels: { [name]: 'prometheus' } },
  { name: 'keda', namespace: 'keda', labels: { [name]: 'keda-operator' } },
  { name: 'cnpg', namespace: 'cnpg-system', labels: { [name]: 'cloudnative-pg' } },
  { name: 'dns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
  {
    name: "another's gateway",
    namespace: 'envoy-gateway-system',
    labels: {
      'gateway.envoyproxy.io/owning-gateway-name': 'chandlery',
      'gateway.envoyproxy.io/owning-gateway-namespace': 'default',
    },
  },
  { name: 'a stranger', namespace: 'default', labels: { [name]: 'prometheus' } },
];
/** A pod of ours that no policy selects by name: whatever reaches it reaches every pod. */
const anybody: Party = { name: 'anybody', labels: { [name]: 'anybody' } };

export function parties(manifests: readonly Manifest[]): Party[] {
  const ours = workloads(manifests).map(({ labels, pod }) => ({
    name: labels[name] ?? '',
    labels,
    ports: Object.fromEntries(
      pod.containers.flatMap(({ ports = [] }) =>
        ports.map(({ name: port, containerPort }) => [port ?? containerPort, containerPort]),
      ),
    ),
  }));
  const databases = ofKind<{ inheritedMetadata?: { labels?: Labels } }>(manifests, 'Cluster').map(
    (cluster) => ({
      name: cluster.metadata.name,
      labels: { ...cluster.spec.inheritedMetadata?.labels, 'cnpg.io/cluster': cluster.metadata.name },
    }),
  );
  const brokers = ofKind(manifests, 'RabbitmqCluster').map(({ metadata }) => ({
    name: metadata.name,
    labels: { [name]: metadata.name },
  }));
  const issuers = ofKind<{ acme?: object }>(manifests, 'Issuer').filter(({ spec }) => spec.acme);
  const solver = issuers.map(() => ({
    name: 'challenge',
    labels: { 'acme.cert-manager.io/http01-solver': 'true' },
  }));
  return [...ours, ...databases, ...brokers, ...solver, ...outsiders, anybody];
}

/** Returns every flow that the policies allow, both for its source and for its target. */
export function openFlows(manifests: readonly Manifest[]): Set<Flow> {
  const everyone = parties(manifests);
  const policies = ofKind<Spec>(manifests, 'NetworkPolicy').map(({ spec }) => spec);
  const flows = new Set<Flow>();
  for (const source of everyone) {
    for (const target of everyone) {
      const [out, into] = [egressPorts(policies, source, target), ingressPorts(policies, source, target)];
      for (const port of out === 'any' ? (into === 'any' ? [] : into) : out) {
        if (into === 'any' || into.has(port)) {
          flows.add(`${source.name} → ${target.name}:${port}`);
        }
      }
    }
  }
  for (const { podSelector, egress = [] } of policies) {
    for (const { to = [], ports = [] } of egress) {
      for (const { ipBlock } of to) {
        for (const source of ipBlock ? everyone.filter(({ namespace }) => !namespace) : []) {
          if (selects(podSelector, source.labels)) {
            for (const { port } of ports) {
              flows.add(`${source.name} → ${written(ipBlock)}:${port}`);
            }
          }
        }
      }
    }
  }
  return flows;
}

const written = ({ cidr = '', except = [] }: Partial<IpBlock> = {}) =>
  except.length === 0 ? cidr : `${cidr} except ${except}`;

type Ports = Set<number | string> | 'any';

/** The policies only cover the shop's namespace. Other namespaces may restrict their pods, but these policies do not. */
function egressPorts(policies: readonly Spec[], source: Party, target: Party): Ports {
  if (source.namespace) {
    return 'any';
  }
  const applied = policies.filter(
    ({ policyTypes, podSelector }) => policyTypes.includes('Egress') && selects(podSelector, source.labels),
  );
  if (applied.length === 0) {
    return 'any';
  }
  const rules = applied.flatMap(({ egress = [] }) => egress.map(({ to, ports }) => ({ peers: to, ports })));
  return openPorts(rules, target, target);
}

function ingressPorts(policies: readonly Spec[], source: Party, target: Party): Ports {
  if (target.namespace) {
    return 'any';
  }
  const applied = policies.filter(
    ({ policyTypes, podSelector }) => policyTypes.includes('Ingress') && selects(podSelector, target.labels),
  );
  if (applied.length === 0) {
    return 'any';
  }
  const rules = applied.flatMap(({ ingress = [] }) =>
    ingress.map(({ from, ports }) => ({ peers: from, ports })),
  );
  return openPorts(rules, source, target);
}

/** Returns the ports of `target` that the rules open for `peer`. */
function openPorts(
  rules: { peers: Peer[] | undefined; ports: Rule['ports'] }[],
  peer: Party,
  target: Party,
): Ports {
  const ports = new Set<number | string>();
  for (const rule of rules.filter(({ peers }) => !peers || peers.some((allowed) => matches(allowed, peer)))) {
    if (!rule.ports) {
      return 'any';
    }
    for (const { port } of rule.ports) {
      ports.add(target.ports?.[port] ?? port);
    }
  }
  return ports;
}

function matches({ podSelector, namespaceSelector, ipBlock }: Peer, party: Party): boolean {
  if (ipBlock) {
    return false;
  }
  const isInNamespace = namespaceSelector
    ? selects(namespaceSelector, { 'kubernetes.io/metadata.name': party.namespace ?? 'chandlery' })
    : party.namespace === undefined;
  return isInNamespace && (!podSelector || selects(podSelector, party.labels));
}

/** Every connection of every pod is denied in both directions, unless a policy allows it. */
export const deniedByDefault: Policy = (manifests) => {
  const policies = ofKind<Spec>(manifests, 'NetworkPolicy').filter(
    ({ spec }) => Object.keys(spec.podSelector).length === 0 && !spec.ingress && !spec.egress,
  );
  return ['Ingress', 'Egress']
    .filter((type) => !policies.some(({ spec }) => spec.policyTypes.includes(type)))
    .map((type) => `${type} is not denied by default`);
};
