import { type Container, type Manifest, type Overlay, type PodSpec, workloads } from './manifests';

/** A mistake that somebody could make, and the policy that must find it. */
export interface Mutation {
  readonly policy: string;
  readonly mistake: string;
  readonly overlay: Overlay;
  readonly make: (all: Manifest[]) => unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: a mistake can be anywhere, of any shape.
type Anything = any;

const find = (all: Manifest[], name: string): Anything => {
  const found = all.find(({ kind, metadata }) => `${kind}/${metadata.name}` === name);
  if (!found) {
    throw new Error(`there is no ${name} to break`);
  }
  return found;
};
const pod = (all: Manifest[], name: string): PodSpec => {
  const found = workloads(all).find((workload) => workload.name === name);
  if (!found) {
    throw new Error(`there is no ${name} to break`);
  }
  return found.pod;
};
const container = (all: Manifest[], name: string): Container => pod(all, name).containers[0] as Container;
const drop = (all: Manifest[], name: string) => all.splice(all.indexOf(find(all, name)), 1);

const both = (policy: string, mistake: string, make: Mutation['make']): Mutation[] =>
  (['laptop', 'production'] as const).map((overlay) => ({ policy, mistake, overlay, make }));
const laptop = (policy: string, mistake: string, make: Mutation['make']): Mutation[] => [
  { policy, mistake, overlay: 'laptop', make },
];
const production = (policy: string, mistake: string, make: Mutation['make']): Mutation[] => [
  { policy, mistake, overlay: 'production', make },
];

const flows = 'everything reaches what it needs, and nothing else';

export const mutations: readonly Mutation[] = [
  ...both('the namespace admits restricted pods only', 'the baseline is enforced', (all) => {
    find(all, 'Namespace/chandlery').metadata.labels['pod-security.kubernetes.io/enforce'] = 'baseline';
  }),
  ...both('every pod is restricted', 'a Job keeps its capabilities', (all) => {
    delete container(all, 'Job/order-migrate').securityContext?.capabilities;
  }),
  ...both('every pod is restricted', 'a root file system can be written to', (all) => {
    Object.assign(container(all, 'Deployment/stock').securityContext ?? {}, {
      readOnlyRootFilesystem: false,
    });
  }),
  ...both('every pod is restricted', 'a CronJob has no seccomp profile', (all) => {
    delete pod(all, 'CronJob/operate').securityContext?.seccompProfile;
  }),
  ...laptop('every pod is restricted', 'PostgreSQL runs as root', (all) => {
    Object.assign(pod(all, 'StatefulSet/order-db').securityContext ?? {}, { runAsNonRoot: false });
  }),
  ...both('no pod is given a token of Kubernetes', 'the token is mounted', (all) => {
    delete pod(all, 'Deployment/payment').automountServiceAccountToken;
  }),
  ...both('no pod is given a token of Kubernetes', 'an account does not exist', (all) =>
    drop(all, 'ServiceAccount/tools'),
  ),
  ...both('every container has requests and limits', 'a limit is missing', (all) => {
    delete container(all, 'Deployment/auditor').resources?.limits?.memory;
  }),
  ...both('every pod that serves has all three probes', 'a probe is missing', (all) => {
    delete container(all, 'Deployment/order').startupProbe;
  }),
  ...both('every pod that serves has all three probes', 'a port was renamed', (all) => {
    Object.assign(container(all, 'Deployment/stock').ports?.[1] ?? {}, { name: 'metrics' });
  }),
  ...both('every pod that serves has one disruption budget', 'a budget is missing', (all) =>
    drop(all, 'PodDisruptionBudget/stock'),
  ),
  ...both(
    'our own programs are replaced without ever being fewer, and spread',
    'a replica may be missing',
    (all) => {
      find(all, 'Deployment/order').spec.strategy.rollingUpdate.maxUnavailable = 1;
    },
  ),
  ...both(
    'our own programs are replaced without ever being fewer, and spread',
    'preStop is missing',
    (all) => {
      delete container(all, 'Deployment/payment').lifecycle;
    },
  ),
  ...both(
    'our own programs are replaced without ever being fewer, and spread',
    'zones are not looked at',
    (all) => {
      pod(all, 'Deployment/stock').topologySpreadConstraints?.pop();
    },
  ),
  ...both('everything is labelled', 'a label is missing', (all) => {
    delete find(all, 'HTTPRoute/order').metadata.labels['app.kubernetes.io/part-of'];
  }),
  ...both('everything is labelled', 'a version is selected by', (all) => {
    find(all, 'Deployment/order').spec.selector.matchLabels['app.kubernetes.io/version'] = '0.1.0';
  }),
  ...both('everything is in its namespace', 'a kind without a namespace has one', (all) => {
    find(all, 'GatewayClass/chandlery').metadata.namespace = 'chandlery';
  }),
  ...both('nothing reaches anything unless it is said', 'the default is missing', (all) =>
    drop(all, 'NetworkPolicy/default-deny'),
  ),
  ...both(flows, 'stock may not be asked for prices', (all) => {
    find(all, 'NetworkPolicy/stock').spec.ingress[0].from.pop();
  }),
  ...both(flows, 'payment may ask stock', (all) => {
    const [line] = find(all, 'NetworkPolicy/order').spec.egress.slice(2);
    find(all, 'NetworkPolicy/payment').spec.egress.push(line);
    find(all, 'NetworkPolicy/stock').spec.ingress[0].from.push({
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'payment' } },
    });
  }),
  ...both(flows, 'the internal port is open to the gateway', (all) => {
    find(all, 'NetworkPolicy/order').spec.ingress[0].ports.push({ port: 'internal' });
  }),
  ...both(flows, 'everybody may ask a database', (all) => {
    find(all, 'NetworkPolicy/order-db').spec.ingress[0].from.push({ podSelector: {} });
    find(all, 'NetworkPolicy/names').spec.egress.push({ to: [{ podSelector: {} }], ports: [{ port: 5432 }] });
  }),
  ...both(flows, 'names cannot be resolved', (all) => drop(all, 'NetworkPolicy/names')),
  ...both(flows, 'any namespace counts as the gateway', (all) => {
    delete find(all, 'NetworkPolicy/order').spec.ingress[0].from[0].podSelector;
    find(all, 'NetworkPolicy/order').spec.ingress[0].from[0].namespaceSelector = {};
  }),
  ...production(flows, 'the operator cannot look after a database', (all) => {
    find(all, 'NetworkPolicy/order-db-cluster').spec.ingress[0].from.pop();
  }),
  ...both('every Secret is made by somebody', 'a Secret was renamed', (all) => {
    Object.assign(container(all, 'Deployment/order').env?.[0]?.valueFrom?.secretKeyRef ?? {}, {
      name: 'order-db',
    });
  }),
  ...both('every Secret is made by somebody', 'a key was renamed', (all) => {
    Object.assign(container(all, 'Job/stock-migrate').env?.[0]?.valueFrom?.secretKeyRef ?? {}, {
      key: 'url',
    });
  }),
  ...production('every Secret is made by somebody', "a role's password is nowhere", (all) => {
    find(all, 'Cluster/stock-db').spec.managed.roles[1].passwordSecret.name = 'auditor';
  }),
  ...production('every Secret is made by somebody', 'the certificate is called otherwise', (all) => {
    find(all, 'Certificate/chandlery').spec.secretName = 'tls';
  }),
  ...both('every ConfigMap exists', 'settings are missing', (all) => {
    const name = all.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('order-settings'),
    );
    drop(all, `ConfigMap/${name?.metadata.name}`);
  }),
  ...both('every image is of the version of the package', 'an object says an older one', (all) => {
    find(all, 'Gateway/chandlery').metadata.labels['app.kubernetes.io/version'] = '0.0.9';
  }),
  ...both('every image is of the version of the package', 'a tag was forgotten', (all) => {
    container(all, 'Job/order-migrate').image = 'chandlery/tools:0.0.9';
  }),
  ...both('every image is pinned', 'a tag is missing', (all) => {
    container(all, 'Deployment/order').image = 'chandlery/order';
  }),
  ...production('every image is pinned', 'an operator may choose among versions', (all) => {
    find(all, 'Cluster/order-db').spec.imageName = 'ghcr.io/cloudnative-pg/postgresql:18-minimal-trixie';
  }),
  ...laptop('every volume is declared and mounted', 'a volume was renamed', (all) => {
    Object.assign(pod(all, 'StatefulSet/rabbitmq').volumes?.[0] ?? {}, { name: 'config' });
  }),
  ...both('every Service finds its pods', 'a Job answers requests', (all) => {
    find(all, 'Job/order-migrate').spec.template.metadata.labels['app.kubernetes.io/name'] = 'order';
  }),
  ...both('every Service finds its pods', 'a port was renamed', (all) => {
    find(all, 'Service/stock').spec.ports[0].targetPort = 'web';
  }),
  ...both('something answers at every address', 'stock goes by another name', (all) => {
    find(all, 'Service/stock').metadata.name = 'stocks';
  }),
  ...production('something answers at every address', 'a database goes by another name', (all) => {
    find(all, 'Cluster/order-db').metadata.name = 'orders';
  }),
  ...both('every route leads to a Service', 'a route has a wrong port', (all) => {
    find(all, 'HTTPRoute/stock').spec.rules[0].backendRefs[0].port = 8003;
  }),
  ...both('every route leads to a Service', 'a route has another host', (all) => {
    find(all, 'HTTPRoute/order').spec.hostnames[0] = 'orders.example';
  }),
  ...both('every route leads to a Service', 'the class has no name', (all) =>
    drop(all, 'GatewayClass/chandlery'),
  ),
  ...both('every redirect keeps the method', 'a redirect says nothing of it', (all) => {
    delete find(all, 'HTTPRoute/redirect').spec.rules[0].filters[0].requestRedirect.statusCode;
  }),
  ...production('everything that is scaled or protected exists', 'two autoscalers pull at once', (all) => {
    find(all, 'HorizontalPodAutoscaler/order').spec.scaleTargetRef.name = 'stock';
  }),
  ...both('everything that is scaled or protected exists', 'a budget protects nobody', (all) => {
    find(all, 'PodDisruptionBudget/order').spec.selector.matchLabels['app.kubernetes.io/name'] = 'orders';
  }),
  ...both('all connections fit into the databases', 'a pool is too large', (all) => {
    const settings = all.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('payment-settings'),
    );
    Object.assign(settings?.data ?? {}, { POOL_SIZE: '60' });
  }),
  ...production('all connections fit into the databases', 'there may be too many replicas', (all) => {
    find(all, 'ScaledObject/stock').spec.maxReplicaCount = 12;
  }),
  ...production('all connections fit into the databases', 'pods that are ending are forgotten', (all) => {
    find(all, 'Cluster/stock-db').spec.postgresql.parameters.max_connections = '200';
  }),
  ...both(
    'nobody is killed before the longest held request is answered',
    'the grace is the default',
    (all) => {
      delete pod(all, 'Deployment/order').terminationGracePeriodSeconds;
    },
  ),
  ...both(
    'nobody is killed before the longest held request is answered',
    'requests are held for longer',
    (all) => {
      container(all, 'Deployment/order').env?.push({ name: 'ANSWER_WITHIN_MS', value: '40000' });
    },
  ),
  ...both('no route cuts a held request off', 'the timeout is the default', (all) => {
    delete find(all, 'HTTPRoute/order').spec.rules[0].timeouts;
  }),
  ...both('the gateway closes idle connections before the services do', 'nothing is said of it', (all) => {
    delete find(all, 'BackendTrafficPolicy/chandlery').spec.timeout;
  }),
  ...both('the gateway closes idle connections before the services do', 'it keeps them longer', (all) => {
    find(all, 'BackendTrafficPolicy/chandlery').spec.timeout.http.connectionIdleTimeout = '2m';
  }),
  ...both('what the gateway may hold fits into its memory', 'more connections are allowed', (all) => {
    find(all, 'BackendTrafficPolicy/chandlery').spec.circuitBreaker.maxConnections = 40_000;
  }),
  ...both('what the gateway may hold fits into its memory', 'buyers are not counted', (all) => {
    delete find(all, 'ClientTrafficPolicy/chandlery').spec.connection;
  }),
  ...both('memory is what was measured', 'a container was renamed', (all) => {
    container(all, 'Deployment/payment').name = 'pay';
  }),
  ...both('memory is what was measured', 'too little is asked for', (all) => {
    Object.assign(container(all, 'Deployment/stock').resources?.requests ?? {}, { memory: '128Mi' });
  }),
  ...both('memory is what was measured', 'V8 may take all of it', (all) => {
    container(all, 'Deployment/order').env?.push({ name: 'NODE_OPTIONS', value: '--max-old-space-size=512' });
  }),
  ...production('every service scales from two to six', 'one is enough', (all) => {
    find(all, 'ScaledObject/payment').spec.minReplicaCount = 1;
  }),
  ...laptop('the laptop is not asked for more than 3 GB', 'the broker wants it all', (all) => {
    Object.assign(container(all, 'StatefulSet/rabbitmq').resources?.requests ?? {}, { memory: '2Gi' });
  }),
];
