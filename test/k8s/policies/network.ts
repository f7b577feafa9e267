import { type Labels, type Manifest, ofKind, type Selector, selects, workloads } from '../manifests';
import type { Policy } from './pods';

/** Somebody who may ask or be asked: a pod of ours or an operator's, or somebody in another namespace. */
interface Party {
  name: string;
  /** Missing means the shop's own. */
  namespace?: string;
  labels: Labels;
  ports?: Readonly<Record<string, number>>;
}

interface Peer {
  podSelector?: Selector;
  namespaceSelector?: Selector;
  ipBlock?: { cidr: string };
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

/** A line along which something may reach something: who asks, who is asked, on which port. */
export type Flow = `${string} → ${string}:${number | string}`;

const name = 'app.kubernetes.io/name';
const elsewhere: Party[] = [
  {
    name: 'gateway',
    namespace: 'envoy-gateway-system',
    labels: {
      'gateway.envoyproxy.io/owning-gateway-name': 'chandlery',
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
/** Of ours, and as nobody in particular: whatever reaches it reaches everybody. */
const anybody: Party = { name: 'anybody', labels: { [name]: 'anybody' } };

export function parties(all: readonly Manifest[]): Party[] {
  const ours = workloads(all).map(({ labels, pod }) => ({
    name: labels[name] ?? '',
    labels,
    ports: Object.fromEntries(
      pod.containers.flatMap(({ ports = [] }) =>
        ports.map(({ name: port, containerPort }) => [port ?? containerPort, containerPort]),
      ),
    ),
  }));
  const databases = ofKind<{ inheritedMetadata?: { labels?: Labels } }>(all, 'Cluster').map((cluster) => ({
    name: cluster.metadata.name,
    labels: { ...cluster.spec.inheritedMetadata?.labels, 'cnpg.io/cluster': cluster.metadata.name },
  }));
  const brokers = ofKind(all, 'RabbitmqCluster').map(({ metadata }) => ({
    name: metadata.name,
    labels: { [name]: metadata.name },
  }));
  const solver = ofKind(all, 'Issuer').map(() => ({
    name: 'challenge',
    labels: { 'acme.cert-manager.io/http01-solver': 'true' },
  }));
  return [...ours, ...databases, ...brokers, ...solver, ...elsewhere, anybody];
}

/** Every line that the policies leave open, by both who asks and who is asked. */
export function openFlows(all: readonly Manifest[]): Set<Flow> {
  const everybody = parties(all);
  const policies = ofKind<Spec>(all, 'NetworkPolicy').map(({ spec }) => spec);
  const flows = new Set<Flow>();
  for (const asker of everybody) {
    for (const asked of everybody) {
      const [out, into] = [leaving(policies, asker, asked), arriving(policies, asker, asked)];
      for (const port of out === 'any' ? (into === 'any' ? [] : into) : out) {
        if (into === 'any' || into.has(port)) {
          flows.add(`${asker.name} → ${asked.name}:${port}`);
        }
      }
    }
  }
  for (const { podSelector, egress = [] } of policies) {
    for (const { to = [], ports = [] } of egress) {
      for (const { ipBlock } of to) {
        for (const asker of ipBlock ? everybody.filter((one) => !one.namespace) : []) {
          if (selects(podSelector, asker.labels)) {
            for (const { port } of ports) {
              flows.add(`${asker.name} → ${ipBlock?.cidr}:${port}`);
            }
          }
        }
      }
    }
  }
  return flows;
}

type Ports = Set<number | string> | 'any';

/** Policies are about the shop's namespace. Whoever is elsewhere may be held back there, and not by these. */
function leaving(policies: readonly Spec[], asker: Party, asked: Party): Ports {
  if (asker.namespace) {
    return 'any';
  }
  const about = policies.filter(
    (one) => one.policyTypes.includes('Egress') && selects(one.podSelector, asker.labels),
  );
  if (about.length === 0) {
    return 'any';
  }
  return open(
    about.flatMap(({ egress = [] }) => egress.map(({ to, ports }) => ({ peers: to, ports }))),
    asked,
    asked,
  );
}

function arriving(policies: readonly Spec[], asker: Party, asked: Party): Ports {
  if (asked.namespace) {
    return 'any';
  }
  const about = policies.filter(
    (one) => one.policyTypes.includes('Ingress') && selects(one.podSelector, asked.labels),
  );
  if (about.length === 0) {
    return 'any';
  }
  const rules = about.flatMap(({ ingress = [] }) =>
    ingress.map(({ from, ports }) => ({ peers: from, ports })),
  );
  return open(rules, asker, asked);
}

function open(
  rules: { peers: Peer[] | undefined; ports: Rule['ports'] }[],
  other: Party,
  asked: Party,
): Ports {
  const ports = new Set<number | string>();
  for (const rule of rules.filter(({ peers }) => !peers || peers.some((peer) => isMeant(peer, other)))) {
    if (!rule.ports) {
      return 'any';
    }
    for (const { port } of rule.ports) {
      ports.add(asked.ports?.[port] ?? port);
    }
  }
  return ports;
}

function isMeant({ podSelector, namespaceSelector, ipBlock }: Peer, other: Party): boolean {
  if (ipBlock) {
    return false;
  }
  const home = namespaceSelector
    ? selects(namespaceSelector, { 'kubernetes.io/metadata.name': other.namespace ?? 'chandlery' })
    : other.namespace === undefined;
  return home && (!podSelector || selects(podSelector, other.labels));
}

/** Every pod is held back in both directions, unless a policy names it. */
export const deniedByDefault: Policy = (all) => {
  const policies = ofKind<Spec>(all, 'NetworkPolicy').filter(
    ({ spec }) => Object.keys(spec.podSelector).length === 0 && !spec.ingress && !spec.egress,
  );
  return ['Ingress', 'Egress']
    .filter((type) => !policies.some(({ spec }) => spec.policyTypes.includes(type)))
    .map((type) => `${type} is not denied by default`);
};
