import { type Container, type Manifest, type Overlay, type PodSpec, workloads } from './manifests';

/** A mistake that somebody could make in a manifest, and the policy that must find it. */
export interface Mutation {
  readonly policy: string;
  readonly mistake: string;
  readonly overlay: Overlay;
  readonly make: (manifests: Manifest[]) => unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: a mistake can be anywhere, of any shape.
type Anything = any;

const find = (manifests: Manifest[], name: string): Anything => {
  const found = manifests.find(({ kind, metadata }) => `${kind}/${metadata.name}` === name);
  if (!found) {
    throw new Error(`there is no ${name} to break`);
  }
  return found;
};
const pod = (manifests: Manifest[], name: string): PodSpec => {
  const found = workloads(manifests).find((workload) => workload.name === name);
  if (!found) {
    throw new Error(`there is no ${name} to break`);
  }
  return found.pod;
};
const container = (manifests: Manifest[], name: string): Container =>
  pod(manifests, name).containers[0] as Container;
const drop = (manifests: Manifest[], name: string) =>
  manifests.splice(manifests.indexOf(find(manifests, name)), 1);

const both = (policy: string, mistake: string, make: Mutation['make']): Mutation[] =>
  (['laptop', 'production'] as const).map((overlay) => ({ policy, mistake, overlay, make }));
const laptop = (policy: string, mistake: string, make: Mutation['make']): Mutation[] => [
  { policy, mistake, overlay: 'laptop', make },
];
const production = (policy: string, mistake: string, make: Mutation['make']): Mutation[] => [
  { policy, mistake, overlay: 'production', make },
];

const flows = 'every pod reaches what it needs, and nothing else';

export const mutations: readonly Mutation[] = [
  ...both('the namespace admits only restricted pods', 'only the baseline is enforced', (manifests) => {
    find(manifests, 'Namespace/chandlery').metadata.labels['pod-security.kubernetes.io/enforce'] = 'baseline';
  }),
  ...both('every pod is restricted', 'a Job keeps its capabilities', (manifests) => {
    delete container(manifests, 'Job/order-migrate').securityContext?.capabilities;
  }),
  ...both('every pod is restricted', 'a root file system is writable', (manifests) => {
    Object.assign(container(manifests, 'Deployment/stock').securityContext ?? {}, {
      readOnlyRootFilesystem: false,
    });
  }),
  ...both('every pod is restricted', 'a CronJob has no seccomp profile', (manifests) => {
    delete pod(manifests, 'CronJob/operate').securityContext?.seccompProfile;
  }),
  ...laptop('every pod is restricted', 'PostgreSQL runs as root', (manifests) => {
    Object.assign(pod(manifests, 'StatefulSet/order-db').securityContext ?? {}, { runAsNonRoot: false });
  }),
  ...both('no pod gets a Kubernetes API token', 'the token is mounted', (manifests) => {
    delete pod(manifests, 'Deployment/payment').automountServiceAccountToken;
  }),
  ...both('no pod gets a Kubernetes API token', 'a service account does not exist', (manifests) =>
    drop(manifests, 'ServiceAccount/tools'),
  ),
  ...both('every container has requests and limits', 'a limit is missing', (manifests) => {
    delete container(manifests, 'Deployment/auditor').resources?.limits?.memory;
  }),
  ...both('every pod that serves has all three probes', 'a probe is missing', (manifests) => {
    delete container(manifests, 'Deployment/order').startupProbe;
  }),
  ...both('every pod that serves has all three probes', 'a port was renamed', (manifests) => {
    Object.assign(container(manifests, 'Deployment/stock').ports?.[1] ?? {}, { name: 'metrics' });
  }),
  ...both('every pod that serves has one disruption budget', 'a budget is missing', (manifests) =>
    drop(manifests, 'PodDisruptionBudget/stock'),
  ),
  ...both(
    'our own pods are spread out, and a rollout never has fewer of them',
    'a replica may be missing in a rollout',
    (manifests) => {
      find(manifests, 'Deployment/order').spec.strategy.rollingUpdate.maxUnavailable = 1;
    },
  ),
  ...both(
    'our own pods are spread out, and a rollout never has fewer of them',
    'preStop is missing',
    (manifests) => {
      delete container(manifests, 'Deployment/payment').lifecycle;
    },
  ),
  ...both(
    'our own pods are spread out, and a rollout never has fewer of them',
    'pods are not spread over zones',
    (manifests) => {
      pod(manifests, 'Deployment/stock').topologySpreadConstraints?.pop();
    },
  ),
  ...both('a lost answer about a name costs our pods a second', 'the defaults hold', (manifests) => {
    delete pod(manifests, 'Deployment/order').dnsConfig;
  }),
  ...both('everything is labelled', 'a label is missing', (manifests) => {
    delete find(manifests, 'HTTPRoute/order').metadata.labels['app.kubernetes.io/part-of'];
  }),
  ...both('everything is labelled', 'a selector includes the version', (manifests) => {
    find(manifests, 'Deployment/order').spec.selector.matchLabels['app.kubernetes.io/version'] = '0.1.0';
  }),
  ...both('everything is in its namespace', 'a cluster-scoped object has a namespace', (manifests) => {
    find(manifests, 'GatewayClass/chandlery').metadata.namespace = 'chandlery';
  }),
  ...both(
    'every connection is denied unless a policy allows it',
    'the default policy is missing',
    (manifests) => drop(manifests, 'NetworkPolicy/default-deny'),
  ),
  ...both(flows, 'order may not ask stock for prices', (manifests) => {
    find(manifests, 'NetworkPolicy/stock').spec.ingress[0].from.pop();
  }),
  ...both(flows, 'payment may ask stock', (manifests) => {
    const [line] = find(manifests, 'NetworkPolicy/order').spec.egress.slice(2);
    find(manifests, 'NetworkPolicy/payment').spec.egress.push(line);
    find(manifests, 'NetworkPolicy/stock').spec.ingress[0].from.push({
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'payment' } },
    });
  }),
  ...both(flows, 'the internal port is open to the gateway', (manifests) => {
    find(manifests, 'NetworkPolicy/order').spec.ingress[0].ports.push({ port: 'internal' });
  }),
  ...both(flows, 'every pod may connect to a database', (manifests) => {
    find(manifests, 'NetworkPolicy/order-db').spec.ingress[0].from.push({ podSelector: {} });
    find(manifests, 'NetworkPolicy/names').spec.egress.push({
      to: [{ podSelector: {} }],
      ports: [{ port: 5432 }],
    });
  }),
  ...both(flows, 'names cannot be resolved', (manifests) => drop(manifests, 'NetworkPolicy/names')),
  ...both(flows, 'a pod in any namespace counts as the gateway', (manifests) => {
    delete find(manifests, 'NetworkPolicy/order').spec.ingress[0].from[0].podSelector;
    find(manifests, 'NetworkPolicy/order').spec.ingress[0].from[0].namespaceSelector = {};
  }),
  ...production(flows, 'the operator cannot reach a database', (manifests) => {
    find(manifests, 'NetworkPolicy/order-db-cluster').spec.ingress[0].from.pop();
  }),
  ...both('every Secret in use is created', 'a Secret was renamed', (manifests) => {
    Object.assign(container(manifests, 'Deployment/order').env?.[0]?.valueFrom?.secretKeyRef ?? {}, {
      name: 'order-db',
    });
  }),
  ...both('every Secret in use is created', 'a key was renamed', (manifests) => {
    Object.assign(container(manifests, 'Job/stock-migrate').env?.[0]?.valueFrom?.secretKeyRef ?? {}, {
      key: 'url',
    });
  }),
  ...production('every Secret in use is created', "a role's password Secret does not exist", (manifests) => {
    find(manifests, 'Cluster/stock-db').spec.managed.roles[1].passwordSecret.name = 'auditor';
  }),
  ...production(
    'every Secret in use is created',
    "the certificate's Secret has another name",
    (manifests) => {
      find(manifests, 'Certificate/chandlery').spec.secretName = 'tls';
    },
  ),
  ...both('a cluster with any IP family accepts everything', 'a Service needs two families', (manifests) => {
    find(manifests, 'Service/order').spec.ipFamilyPolicy = 'RequireDualStack';
  }),
  ...both('a cluster with any IP family accepts everything', 'a Service needs IPv4', (manifests) => {
    find(manifests, 'Service/stock').spec.ipFamilies = ['IPv4'];
  }),
  ...both(
    'a cluster with any IP family accepts everything',
    'the gateway needs two families',
    (manifests) => {
      find(manifests, 'EnvoyProxy/chandlery').spec.ipFamily = 'DualStack';
    },
  ),
  ...both(
    'a cluster with any IP family accepts everything',
    'a service listens on IPv4 alone',
    (manifests) => {
      container(manifests, 'Deployment/order').env?.push({ name: 'HOST', value: '0.0.0.0' });
    },
  ),
  ...production(
    'every address that may be reached may be reached with both IP families',
    'only IPv4 may be used',
    (manifests) => {
      find(manifests, 'NetworkPolicy/order-db-cluster').spec.egress[1].to.pop();
    },
  ),
  ...production(
    'every address that may be reached may be reached with both IP families',
    "the machine's own IPv6 addresses may be reached",
    (manifests) => {
      find(manifests, 'NetworkPolicy/stock-db-cluster').spec.egress[1].to[1].ipBlock.except.shift();
    },
  ),
  ...both('every ConfigMap in use exists', 'settings are missing', (manifests) => {
    const name = manifests.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('order-settings'),
    );
    drop(manifests, `ConfigMap/${name?.metadata.name}`);
  }),
  ...both(
    "every image has the package's version",
    'an object is labelled with an older version',
    (manifests) => {
      find(manifests, 'Gateway/chandlery').metadata.labels['app.kubernetes.io/version'] = '0.0.9';
    },
  ),
  ...both("every image has the package's version", 'an image has an older tag', (manifests) => {
    container(manifests, 'Job/order-migrate').image = 'chandlery/tools:0.0.9';
  }),
  ...both('every image is pinned', 'a tag is missing', (manifests) => {
    container(manifests, 'Deployment/order').image = 'chandlery/order';
  }),
  ...production('every image is pinned', 'an image names only the major version', (manifests) => {
    find(manifests, 'Cluster/order-db').spec.imageName =
      'ghcr.io/cloudnative-pg/postgresql:18-minimal-trixie';
  }),
  ...laptop('every volume is declared and mounted', 'a volume was renamed', (manifests) => {
    Object.assign(pod(manifests, 'StatefulSet/rabbitmq').volumes?.[0] ?? {}, { name: 'config' });
  }),
  ...both('every Service finds its pods', 'a Service also selects the pods of a Job', (manifests) => {
    find(manifests, 'Job/order-migrate').spec.template.metadata.labels['app.kubernetes.io/name'] = 'order';
  }),
  ...both('every Service finds its pods', 'a port was renamed', (manifests) => {
    find(manifests, 'Service/stock').spec.ports[0].targetPort = 'web';
  }),
  ...both('every address leads to a Service', "stock's Service has another name", (manifests) => {
    find(manifests, 'Service/stock').metadata.name = 'stocks';
  }),
  ...production('every address leads to a Service', 'a database has another name', (manifests) => {
    find(manifests, 'Cluster/order-db').metadata.name = 'orders';
  }),
  ...both('every route leads to a Service', 'a route has a wrong port', (manifests) => {
    find(manifests, 'HTTPRoute/stock').spec.rules[0].backendRefs[0].port = 8003;
  }),
  ...both('every route leads to a Service', 'a route has another host', (manifests) => {
    find(manifests, 'HTTPRoute/order').spec.hostnames[0] = 'orders.example';
  }),
  ...both('every route leads to a Service', 'the GatewayClass is missing', (manifests) =>
    drop(manifests, 'GatewayClass/chandlery'),
  ),
  ...both('every redirect keeps the method', 'a redirect names no status', (manifests) => {
    delete find(manifests, 'HTTPRoute/redirect').spec.rules[0].filters[0].requestRedirect.statusCode;
  }),
  ...production(
    'everything that is scaled or protected exists',
    'a Deployment has two autoscalers',
    (manifests) => {
      find(manifests, 'HorizontalPodAutoscaler/order').spec.scaleTargetRef.name = 'stock';
    },
  ),
  ...both('everything that is scaled or protected exists', 'a budget protects nobody', (manifests) => {
    find(manifests, 'PodDisruptionBudget/order').spec.selector.matchLabels['app.kubernetes.io/name'] =
      'orders';
  }),
  ...both('all connections fit into the databases', 'a pool is too large', (manifests) => {
    const settings = manifests.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('payment-settings'),
    );
    Object.assign(settings?.data ?? {}, { POOL_SIZE: '60' });
  }),
  ...production('all connections fit into the databases', 'there may be too many replicas', (manifests) => {
    find(manifests, 'ScaledObject/stock').spec.maxReplicaCount = 12;
  }),
  ...production(
    'all connections fit into the databases',
    'pods that are ending are not counted',
    (manifests) => {
      find(manifests, 'Cluster/stock-db').spec.postgresql.parameters.max_connections = '200';
    },
  ),
  ...both(
    'no pod is killed before its longest waiting request is answered',
    'the grace period is the default',
    (manifests) => {
      delete pod(manifests, 'Deployment/order').terminationGracePeriodSeconds;
    },
  ),
  ...both(
    'no pod is killed before its longest waiting request is answered',
    'requests may wait longer',
    (manifests) => {
      container(manifests, 'Deployment/order').env?.push({ name: 'ANSWER_WITHIN_MS', value: '40000' });
    },
  ),
  ...both('no route cuts off a waiting request', 'the timeout is the default', (manifests) => {
    delete find(manifests, 'HTTPRoute/order').spec.rules[0].timeouts;
  }),
  ...both(
    'the gateway closes idle connections before the services do',
    'no idle timeout is set',
    (manifests) => {
      delete find(manifests, 'BackendTrafficPolicy/chandlery').spec.timeout;
    },
  ),
  ...both(
    'the gateway closes idle connections before the services do',
    'the gateway keeps them longer',
    (manifests) => {
      find(manifests, 'BackendTrafficPolicy/chandlery').spec.timeout.http.connectionIdleTimeout = '2m';
    },
  ),
  ...both(
    'the connections that the gateway allows fit into its memory',
    'more connections are allowed',
    (manifests) => {
      find(manifests, 'BackendTrafficPolicy/chandlery').spec.circuitBreaker.maxConnections = 2_000;
    },
  ),
  ...both(
    'the connections that the gateway allows fit into its memory',
    "buyers' connections are not limited",
    (manifests) => {
      delete find(manifests, 'ClientTrafficPolicy/chandlery').spec.connection;
    },
  ),
  ...(
    [
      ['a connection may take ten seconds', (policy) => delete policy.timeout.tcp],
      ['a connection that fails is not tried again', (policy) => delete policy.retry],
      ['it gives up soon', (policy) => Object.assign(policy.retry, { numRetries: 2 })],
      ['a lost pod is tried again soon', ({ healthCheck }) => delete healthCheck.passive.baseEjectionTime],
      [
        'one pod of two is never taken out',
        ({ healthCheck }) => delete healthCheck.passive.maxEjectionPercent,
      ],
      [
        'a lost pod goes unnoticed',
        ({ healthCheck }) => delete healthCheck.passive.consecutiveLocalOriginFailures,
      ],
      ['a 503 takes a pod out', ({ healthCheck }) => delete healthCheck.passive.consecutive5XxErrors],
    ] satisfies [string, (policy: Anything) => unknown][]
  ).flatMap(([mistake, make]) =>
    both('the gateway goes round a lost pod', mistake, (manifests) =>
      make(find(manifests, 'BackendTrafficPolicy/chandlery').spec),
    ),
  ),
  ...(
    [
      [
        'every request is repeated',
        (find) => find('BackendTrafficPolicy/chandlery').retry.retryOn.triggers.push('reset'),
      ],
      [
        'what was answered is repeated',
        (find) =>
          Object.assign(find('BackendTrafficPolicy/repeatable').retry.retryOn, { httpStatusCodes: [503] }),
      ],
      [
        'the default says what is repeated',
        (find) => delete find('BackendTrafficPolicy/repeatable').retry.retryOn,
      ],
      [
        'all of stock is repeated',
        (find) => delete find('BackendTrafficPolicy/repeatable').targetRefs[2].sectionName,
      ],
      [
        'requests without a key are repeated',
        (find) => delete find('HTTPRoute/payment').rules[0].matches[1].headers,
      ],
      [
        'an empty key is enough',
        (find) => Object.assign(find('HTTPRoute/stock').rules[0].matches[1].headers[0], { value: '.*' }),
      ],
      [
        'every POST to orders is repeated',
        (find) => Object.assign(find('HTTPRoute/order').rules[0].matches[0].path, { value: '/orders' }),
      ],
      ['the other limits are forgotten', (find) => delete find('BackendTrafficPolicy/repeatable').mergeType],
    ] satisfies [string, (find: (id: string) => Anything) => unknown][]
  ).flatMap(([mistake, make]) =>
    both('the gateway repeats only what may be carried out twice', mistake, (manifests) =>
      make((id) => find(manifests, id).spec),
    ),
  ),
  ...both('connections to a lost node end within seconds', 'idle ones are not probed', (manifests) => {
    delete find(manifests, 'BackendTrafficPolicy/chandlery').spec.tcpKeepalive;
  }),
  ...both('connections to a lost node end within seconds', 'the others are waited for', (manifests) => {
    delete find(manifests, 'EnvoyProxy/chandlery').spec.bootstrap;
  }),
  ...both(
    'a pod without a volume is replaced soon after its node is lost',
    'the default holds',
    (manifests) => {
      delete pod(manifests, 'Deployment/stock').tolerations;
    },
  ),
  ...both(
    'a pod without a volume is replaced soon after its node is lost',
    'the gateway stays',
    (manifests) => {
      find(manifests, 'EnvoyProxy/chandlery').spec.provider.kubernetes.envoyDeployment.pod.tolerations.pop();
    },
  ),
  ...both('the proxies of the gateway are spread out', 'both may be on one node', (manifests) => {
    find(
      manifests,
      'EnvoyProxy/chandlery',
    ).spec.provider.kubernetes.envoyDeployment.pod.topologySpreadConstraints.shift();
  }),
  ...both('memory requests and limits fit the measurements', 'a container was renamed', (manifests) => {
    container(manifests, 'Deployment/payment').name = 'pay';
  }),
  ...both(
    'memory requests and limits fit the measurements',
    'too little memory is requested',
    (manifests) => {
      Object.assign(container(manifests, 'Deployment/stock').resources?.requests ?? {}, { memory: '128Mi' });
    },
  ),
  ...both('memory requests and limits fit the measurements', 'V8 may use all of it', (manifests) => {
    container(manifests, 'Deployment/order').env?.push({
      name: 'NODE_OPTIONS',
      value: '--max-old-space-size=512',
    });
  }),
  ...production('every service scales from two to six', 'one replica is enough', (manifests) => {
    find(manifests, 'ScaledObject/payment').spec.minReplicaCount = 1;
  }),
  ...laptop('all pods together request at most 3 GB', 'the broker requests too much', (manifests) => {
    Object.assign(container(manifests, 'StatefulSet/rabbitmq').resources?.requests ?? {}, { memory: '2Gi' });
  }),
  ...production(
    'a primary that has to stop does not wait for its clients',
    'a database has the default timeout',
    (manifests) => {
      delete find(manifests, 'Cluster/stock-db').spec.smartShutdownTimeout;
    },
  ),
];
