import {
  type Container,
  isClosed,
  type Manifest,
  type Overlay,
  overlays,
  type PodSpec,
  workloads,
} from './manifests';

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

const everywhere = (policy: string, mistake: string, make: Mutation['make']): Mutation[] =>
  overlays.map((overlay) => ({ policy, mistake, overlay, make }));
const closed = (policy: string, mistake: string, make: Mutation['make']): Mutation[] =>
  overlays.filter(isClosed).map((overlay) => ({ policy, mistake, overlay, make }));
const staging = (policy: string, mistake: string, make: Mutation['make']): Mutation[] => [
  { policy, mistake, overlay: 'staging', make },
];
const laptop = (policy: string, mistake: string, make: Mutation['make']): Mutation[] => [
  { policy, mistake, overlay: 'laptop', make },
];
const production = (policy: string, mistake: string, make: Mutation['make']): Mutation[] => [
  { policy, mistake, overlay: 'production', make },
];

const flows = 'every pod reaches what it needs, and nothing else';

export const mutations: readonly Mutation[] = [
  ...closed('every service wants tokens of the one issuer', 'a service lets everybody in', (manifests) => {
    container(manifests, 'Deployment/payment').env?.push({ name: 'ACCESS', value: 'open' });
  }),
  ...closed('every service wants tokens of the one issuer', 'another issuer is believed', (manifests) => {
    container(manifests, 'Deployment/stock').env?.push({
      name: 'AUTH_ISSUER',
      value: 'https://evil.example',
    });
  }),
  ...closed(
    'the public gateway leads only to routes that are named',
    'buyers reach all of payment',
    (manifests) => {
      find(manifests, 'HTTPRoute/payment').spec.parentRefs[0].name = 'chandlery';
    },
  ),
  ...closed(
    'the public gateway leads only to routes that are named',
    'a route allows every method',
    (manifests) => {
      delete find(manifests, 'HTTPRoute/stock-public').spec.rules[0].matches[0].method;
    },
  ),
  ...closed('the gateway for staff is inside the cluster', 'a cloud gives it an address', (manifests) => {
    delete find(manifests, 'EnvoyProxy/staff').spec.provider.kubernetes.envoyService;
  }),
  ...closed('the gateway for staff is inside the cluster', 'there is none', (manifests) =>
    drop(manifests, 'Gateway/staff'),
  ),
  ...closed('no client address can take the public gateway for itself', 'IPv6 has no limit', (manifests) => {
    find(manifests, 'BackendTrafficPolicy/chandlery').spec.rateLimit.local.rules.pop();
  }),
  ...closed(
    'no client address can take the public gateway for itself',
    'all addresses together have one',
    (manifests) => {
      find(
        manifests,
        'BackendTrafficPolicy/chandlery',
      ).spec.rateLimit.local.rules[0].clientSelectors[0].sourceCIDR.type = 'Exact';
    },
  ),
  ...closed(
    'browsers never speak to the gateways without TLS again',
    'they forget it after a day',
    (manifests) => {
      find(manifests, 'ClientTrafficPolicy/chandlery').spec.headers.lateResponseHeaders.set[0].value =
        'max-age=86400';
    },
  ),
  ...everywhere('the namespace admits only restricted pods', 'only the baseline is enforced', (manifests) => {
    find(manifests, 'Namespace/chandlery').metadata.labels['pod-security.kubernetes.io/enforce'] = 'baseline';
  }),
  ...everywhere('every pod is restricted', 'a Job keeps its capabilities', (manifests) => {
    delete container(manifests, 'Job/order-migrate').securityContext?.capabilities;
  }),
  ...everywhere('every pod is restricted', 'a root file system is writable', (manifests) => {
    Object.assign(container(manifests, 'Deployment/stock').securityContext ?? {}, {
      readOnlyRootFilesystem: false,
    });
  }),
  ...everywhere('every pod is restricted', 'a CronJob has no seccomp profile', (manifests) => {
    delete pod(manifests, 'CronJob/operate').securityContext?.seccompProfile;
  }),
  ...laptop('every pod is restricted', 'PostgreSQL runs as root', (manifests) => {
    Object.assign(pod(manifests, 'StatefulSet/order-db').securityContext ?? {}, { runAsNonRoot: false });
  }),
  ...everywhere('no pod gets a Kubernetes API token', 'the token is mounted', (manifests) => {
    delete pod(manifests, 'Deployment/payment').automountServiceAccountToken;
  }),
  ...everywhere('no pod gets a Kubernetes API token', 'a service account does not exist', (manifests) =>
    drop(manifests, 'ServiceAccount/tools'),
  ),
  ...everywhere('every container has requests and limits', 'a limit is missing', (manifests) => {
    delete container(manifests, 'Deployment/auditor').resources?.limits?.memory;
  }),
  ...everywhere('every pod that serves has all three probes', 'a probe is missing', (manifests) => {
    delete container(manifests, 'Deployment/order').startupProbe;
  }),
  ...everywhere('every pod that serves has all three probes', 'a port was renamed', (manifests) => {
    Object.assign(container(manifests, 'Deployment/stock').ports?.[1] ?? {}, { name: 'metrics' });
  }),
  ...everywhere('every pod that serves has one disruption budget', 'a budget is missing', (manifests) =>
    drop(manifests, 'PodDisruptionBudget/stock'),
  ),
  ...everywhere(
    'our own pods are spread out, and a rollout never has fewer of them',
    'a replica may be missing in a rollout',
    (manifests) => {
      find(manifests, 'Deployment/order').spec.strategy.rollingUpdate.maxUnavailable = 1;
    },
  ),
  ...everywhere(
    'our own pods are spread out, and a rollout never has fewer of them',
    'preStop is missing',
    (manifests) => {
      delete container(manifests, 'Deployment/payment').lifecycle;
    },
  ),
  ...everywhere(
    'our own pods are spread out, and a rollout never has fewer of them',
    'pods are not spread over zones',
    (manifests) => {
      pod(manifests, 'Deployment/stock').topologySpreadConstraints?.pop();
    },
  ),
  ...everywhere('a lost answer about a name costs our pods a second', 'the defaults hold', (manifests) => {
    delete pod(manifests, 'Deployment/order').dnsConfig;
  }),
  ...everywhere('everything is labelled', 'a label is missing', (manifests) => {
    delete find(manifests, 'HTTPRoute/order').metadata.labels['app.kubernetes.io/part-of'];
  }),
  ...everywhere('everything is labelled', 'a selector includes the version', (manifests) => {
    find(manifests, 'Deployment/order').spec.selector.matchLabels['app.kubernetes.io/version'] = '0.1.0';
  }),
  ...everywhere('everything is in its namespace', 'a cluster-scoped object has a namespace', (manifests) => {
    find(manifests, 'GatewayClass/chandlery').metadata.namespace = 'chandlery';
  }),
  ...everywhere(
    'every connection is denied unless a policy allows it',
    'the default policy is missing',
    (manifests) => drop(manifests, 'NetworkPolicy/default-deny'),
  ),
  ...everywhere(flows, 'order may not ask stock for prices', (manifests) => {
    find(manifests, 'NetworkPolicy/stock').spec.ingress[0].from.pop();
  }),
  ...everywhere(flows, 'catalog may not ask order', (manifests) => {
    find(manifests, 'NetworkPolicy/catalog').spec.egress[2].to.shift();
  }),
  ...everywhere(flows, 'payment may ask stock', (manifests) => {
    const [line] = find(manifests, 'NetworkPolicy/order').spec.egress.slice(2);
    find(manifests, 'NetworkPolicy/payment').spec.egress.push(line);
    find(manifests, 'NetworkPolicy/stock').spec.ingress[0].from.push({
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'payment' } },
    });
  }),
  ...everywhere(flows, 'the internal port is open to the gateway', (manifests) => {
    find(manifests, 'NetworkPolicy/order').spec.ingress[0].ports.push({ port: 'internal' });
  }),
  ...everywhere(flows, 'every pod may connect to a database', (manifests) => {
    find(manifests, 'NetworkPolicy/order-db').spec.ingress[0].from.push({ podSelector: {} });
    find(manifests, 'NetworkPolicy/names').spec.egress.push({
      to: [{ podSelector: {} }],
      ports: [{ port: 5432 }],
    });
  }),
  ...everywhere(flows, 'names cannot be resolved', (manifests) => drop(manifests, 'NetworkPolicy/names')),
  ...everywhere(flows, 'a pod in any namespace counts as the gateway', (manifests) => {
    delete find(manifests, 'NetworkPolicy/order').spec.ingress[0].from[0].podSelector;
    find(manifests, 'NetworkPolicy/order').spec.ingress[0].from[0].namespaceSelector = {};
  }),
  ...production(flows, 'the operator cannot reach a database', (manifests) => {
    find(manifests, 'NetworkPolicy/order-db-cluster').spec.ingress[0].from.pop();
  }),
  ...everywhere('every Secret in use is created', 'a Secret was renamed', (manifests) => {
    Object.assign(container(manifests, 'Deployment/order').env?.[0]?.valueFrom?.secretKeyRef ?? {}, {
      name: 'order-db',
    });
  }),
  ...everywhere('every Secret in use is created', 'a key was renamed', (manifests) => {
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
  ...everywhere(
    'a cluster with any IP family accepts everything',
    'a Service needs two families',
    (manifests) => {
      find(manifests, 'Service/order').spec.ipFamilyPolicy = 'RequireDualStack';
    },
  ),
  ...everywhere('a cluster with any IP family accepts everything', 'a Service needs IPv4', (manifests) => {
    find(manifests, 'Service/stock').spec.ipFamilies = ['IPv4'];
  }),
  ...everywhere(
    'a cluster with any IP family accepts everything',
    'the gateway needs two families',
    (manifests) => {
      find(manifests, 'EnvoyProxy/chandlery').spec.ipFamily = 'DualStack';
    },
  ),
  ...everywhere(
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
  ...everywhere('every ConfigMap in use exists', 'settings are missing', (manifests) => {
    const name = manifests.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('order-settings'),
    );
    drop(manifests, `ConfigMap/${name?.metadata.name}`);
  }),
  ...everywhere(
    "every image has the package's version",
    'an object is labelled with an older version',
    (manifests) => {
      find(manifests, 'Gateway/chandlery').metadata.labels['app.kubernetes.io/version'] = '0.0.9';
    },
  ),
  ...everywhere("every image has the package's version", 'an image has an older tag', (manifests) => {
    container(manifests, 'Job/order-migrate').image = 'chandlery/tools:0.0.9';
  }),
  ...everywhere('every image is pinned', 'a tag is missing', (manifests) => {
    container(manifests, 'Deployment/order').image = 'chandlery/order';
  }),
  ...production('every image is pinned', 'an image names only the major version', (manifests) => {
    find(manifests, 'Cluster/order-db').spec.imageName =
      'ghcr.io/cloudnative-pg/postgresql:18-minimal-trixie';
  }),
  ...laptop('every volume is declared and mounted', 'a volume was renamed', (manifests) => {
    Object.assign(pod(manifests, 'StatefulSet/rabbitmq').volumes?.[0] ?? {}, { name: 'config' });
  }),
  ...everywhere('every Service finds its pods', 'a Service also selects the pods of a Job', (manifests) => {
    find(manifests, 'Job/order-migrate').spec.template.metadata.labels['app.kubernetes.io/name'] = 'order';
  }),
  ...everywhere('every Service finds its pods', 'a port was renamed', (manifests) => {
    find(manifests, 'Service/stock').spec.ports[0].targetPort = 'web';
  }),
  ...everywhere('every address leads to a Service', "stock's Service has another name", (manifests) => {
    find(manifests, 'Service/stock').metadata.name = 'stocks';
  }),
  ...production('every address leads to a Service', 'a database has another name', (manifests) => {
    find(manifests, 'Cluster/order-db').metadata.name = 'orders';
  }),
  ...everywhere('every route leads to a Service', 'a route has a wrong port', (manifests) => {
    find(manifests, 'HTTPRoute/stock').spec.rules[0].backendRefs[0].port = 8003;
  }),
  ...everywhere('every route leads to a Service', 'a route has another host', (manifests) => {
    find(manifests, 'HTTPRoute/order').spec.hostnames[0] = 'orders.example';
  }),
  ...everywhere('every route leads to a Service', 'the GatewayClass is missing', (manifests) =>
    drop(manifests, 'GatewayClass/chandlery'),
  ),
  ...everywhere('every redirect keeps the method', 'a redirect names no status', (manifests) => {
    delete find(manifests, 'HTTPRoute/redirect').spec.rules[0].filters[0].requestRedirect.statusCode;
  }),
  ...everywhere(
    'every route leads to a Service',
    'what answers for unpublished paths is missing',
    (manifests) => drop(manifests, 'HTTPRouteFilter/unpublished'),
  ),
  ...(
    [
      ['nothing answers for unpublished paths', (manifests) => drop(manifests, 'HTTPRoute/unpublished')],
      [
        'unpublished paths of one service are forgotten',
        (manifests) => {
          const { matches } = find(manifests, 'HTTPRoute/unpublished').spec.rules[0];
          const account = matches.findIndex(({ path }: Anything) => path.value === '/account');
          matches.splice(account, 1, { path: { type: 'PathPrefix', value: '/accounts' } });
        },
      ],
      [
        'they are answered as if all were well',
        (manifests) => {
          find(manifests, 'HTTPRouteFilter/unpublished').spec.directResponse.statusCode = 200;
        },
      ],
      [
        'the storefront wants a path of the API',
        (manifests) => {
          find(manifests, 'HTTPRoute/storefront').spec.rules[0].matches[0].path = {
            type: 'RegularExpression',
            value: '/.*',
          };
        },
      ],
      [
        'pages get what nobody only reads',
        (manifests) => delete find(manifests, 'HTTPRoute/admin').spec.rules[0].matches[0].method,
      ],
    ] satisfies [string, Mutation['make']][]
  ).flatMap(([mistake, make]) =>
    everywhere('no path of the API is answered with a page, published or not', mistake, make),
  ),
  ...everywhere('the pages of staff are not where buyers come in', 'admin is public', (manifests) => {
    find(manifests, 'HTTPRoute/admin').spec.parentRefs = [{ name: 'chandlery', sectionName: 'https' }];
  }),
  ...everywhere('the pages of staff are not where buyers come in', 'admin is public, too', (manifests) => {
    find(manifests, 'HTTPRoute/admin').spec.parentRefs.push({ name: 'chandlery', sectionName: 'https' });
  }),
  ...everywhere(
    'the pages of staff are not where buyers come in',
    "another rule of buyers' leads there",
    (manifests) => {
      find(manifests, 'HTTPRoute/storefront').spec.rules.push({ backendRefs: [{ name: 'admin', port: 80 }] });
    },
  ),
  ...everywhere('the pages keep nothing and know nothing secret', 'a password is given', (manifests) => {
    container(manifests, 'Deployment/storefront').env = [
      { name: 'DATABASE_URL', valueFrom: { secretKeyRef: { name: 'order-database', key: 'uri' } } },
    ];
  }),
  ...everywhere('the pages keep nothing and know nothing secret', 'staff see a shop window', (manifests) => {
    const settings = manifests.find(({ metadata }) => metadata.name.startsWith('admin-settings'));
    Object.assign(settings?.data ?? {}, { PAGES: 'storefront' });
  }),
  ...everywhere(flows, 'buyers reach the pages of staff', (manifests) => {
    const [, ...others] = find(manifests, 'NetworkPolicy/admin').spec.ingress;
    const [buyers] = find(manifests, 'NetworkPolicy/storefront').spec.ingress;
    const staff = { ...buyers, from: [{ namespaceSelector: {} }] };
    find(manifests, 'NetworkPolicy/admin').spec.ingress = [buyers, staff, ...others];
  }),
  ...everywhere(flows, 'the pages may ask order', (manifests) => {
    find(manifests, 'NetworkPolicy/storefront').spec.egress = [
      {
        to: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'order' } } }],
        ports: [{ port: 'http' }],
      },
    ];
    find(manifests, 'NetworkPolicy/order').spec.ingress[0].from.push({
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'storefront' } },
    });
  }),
  ...everywhere(flows, 'the pages may look up names', (manifests) => {
    find(manifests, 'NetworkPolicy/names').spec.podSelector = {};
  }),
  ...production('every service and the pages scale from two to six', 'one page is enough', (manifests) => {
    find(manifests, 'HorizontalPodAutoscaler/admin').spec.minReplicas = 1;
  }),
  ...closed(
    'the public gateway leads only to routes that are named',
    'the storefront gets every method',
    (manifests) => {
      delete find(manifests, 'HTTPRoute/storefront').spec.rules[0].matches[0].method;
    },
  ),
  ...production(
    'everything that is scaled or protected exists',
    'a Deployment has two autoscalers',
    (manifests) => {
      find(manifests, 'HorizontalPodAutoscaler/order').spec.scaleTargetRef.name = 'stock';
    },
  ),
  ...everywhere('everything that is scaled or protected exists', 'a budget protects nobody', (manifests) => {
    find(manifests, 'PodDisruptionBudget/order').spec.selector.matchLabels['app.kubernetes.io/name'] =
      'orders';
  }),
  ...everywhere('all connections fit into the databases', 'a pool is too large', (manifests) => {
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
  ...everywhere(
    'no pod is killed before its longest waiting request is answered',
    'the grace period is the default',
    (manifests) => {
      delete pod(manifests, 'Deployment/order').terminationGracePeriodSeconds;
    },
  ),
  ...everywhere(
    'no pod is killed before its longest waiting request is answered',
    'requests may wait longer',
    (manifests) => {
      container(manifests, 'Deployment/order').env?.push({ name: 'ANSWER_WITHIN_MS', value: '40000' });
    },
  ),
  ...everywhere('no route cuts off a waiting request', 'the timeout is the default', (manifests) => {
    delete find(manifests, 'HTTPRoute/order').spec.rules[0].timeouts;
  }),
  ...everywhere(
    'the gateway closes idle connections before the services do',
    'no idle timeout is set',
    (manifests) => {
      delete find(manifests, 'BackendTrafficPolicy/chandlery').spec.timeout;
    },
  ),
  ...everywhere(
    'the gateway closes idle connections before the services do',
    'the gateway keeps them longer',
    (manifests) => {
      find(manifests, 'BackendTrafficPolicy/chandlery').spec.timeout.http.connectionIdleTimeout = '2m';
    },
  ),
  ...everywhere(
    'no pod gets a request before it is ready, as long as another one is',
    'Envoy keeps its default',
    (manifests) => {
      delete find(manifests, 'BackendTrafficPolicy/chandlery').spec.healthCheck.panicThreshold;
    },
  ),
  ...everywhere(
    'a request takes no connection to a service before it is complete',
    'Envoy passes each body on as it comes',
    (manifests) => {
      delete find(manifests, 'BackendTrafficPolicy/chandlery').spec.requestBuffer;
    },
  ),
  ...everywhere(
    'the connections that the gateway allows fit into its memory',
    'more connections are allowed',
    (manifests) => {
      find(manifests, 'BackendTrafficPolicy/chandlery').spec.circuitBreaker.maxConnections = 2_000;
    },
  ),
  ...everywhere(
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
    everywhere('the gateway goes round a lost pod', mistake, (manifests) =>
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
      [
        'changes of a product are repeated',
        (find) => find('HTTPRoute/catalog').rules[0].matches.push({ method: 'PATCH' }),
      ],
      ['the other limits are forgotten', (find) => delete find('BackendTrafficPolicy/repeatable').mergeType],
    ] satisfies [string, (find: (id: string) => Anything) => unknown][]
  ).flatMap(([mistake, make]) =>
    everywhere('the gateway repeats only what may be carried out twice', mistake, (manifests) =>
      make((id) => find(manifests, id).spec),
    ),
  ),
  ...everywhere('connections to a lost node end within seconds', 'idle ones are not probed', (manifests) => {
    delete find(manifests, 'BackendTrafficPolicy/chandlery').spec.tcpKeepalive;
  }),
  ...everywhere('connections to a lost node end within seconds', 'the others are waited for', (manifests) => {
    delete find(manifests, 'EnvoyProxy/chandlery').spec.bootstrap;
  }),
  ...everywhere(
    'a pod without a volume is replaced soon after its node is lost',
    'the default holds',
    (manifests) => {
      delete pod(manifests, 'Deployment/stock').tolerations;
    },
  ),
  ...everywhere(
    'a pod without a volume is replaced soon after its node is lost',
    'the gateway stays',
    (manifests) => {
      find(manifests, 'EnvoyProxy/chandlery').spec.provider.kubernetes.envoyDeployment.pod.tolerations.pop();
    },
  ),
  ...everywhere('the proxies of the gateway are spread out', 'both may be on one node', (manifests) => {
    find(
      manifests,
      'EnvoyProxy/chandlery',
    ).spec.provider.kubernetes.envoyDeployment.pod.topologySpreadConstraints.shift();
  }),
  ...everywhere('memory requests and limits fit the measurements', 'a container was renamed', (manifests) => {
    container(manifests, 'Deployment/payment').name = 'pay';
  }),
  ...everywhere(
    'memory requests and limits fit the measurements',
    'too little memory is requested',
    (manifests) => {
      Object.assign(container(manifests, 'Deployment/stock').resources?.requests ?? {}, { memory: '128Mi' });
    },
  ),
  ...everywhere('memory requests and limits fit the measurements', 'V8 may use all of it', (manifests) => {
    container(manifests, 'Deployment/order').env?.push({
      name: 'NODE_OPTIONS',
      value: '--max-old-space-size=512',
    });
  }),
  ...production('every service and the pages scale from two to six', 'one replica is enough', (manifests) => {
    find(manifests, 'ScaledObject/payment').spec.minReplicaCount = 1;
  }),
  ...production(
    'every program makes sure which database and broker answers',
    'an autoscaler counts a queue without TLS',
    (manifests) => {
      delete find(manifests, 'ScaledObject/stock').spec.triggers[2].metadata.tls;
    },
  ),
  ...production(
    'every program makes sure which database and broker answers',
    'autoscalers do not know the authority',
    (manifests) => {
      find(manifests, 'TriggerAuthentication/payment-broker').spec.secretTargetRef.pop();
    },
  ),
  ...(
    [
      ['a database lets them in', (find) => find('Cluster/order-db').postgresql.pg_hba.shift()],
      [
        'the broker lets them in',
        (find) => delete find('RabbitmqCluster/rabbitmq').tls.disableNonTLSListeners,
      ],
      [
        'the nodes of the broker copy events',
        (find) => delete find('RabbitmqCluster/rabbitmq').rabbitmq.envConfig,
      ],
    ] satisfies [string, (find: (id: string) => Anything) => unknown][]
  ).flatMap(([mistake, make]) =>
    production('databases and broker refuse who does not speak TLS', mistake, (manifests) =>
      make((id) => find(manifests, id).spec),
    ),
  ),
  ...(
    [
      [
        'a pod does not have the authority',
        (manifests) => delete container(manifests, 'Job/stock-migrate').volumeMounts,
      ],
      [
        'the definitions are sent to whoever answers',
        (manifests) =>
          Object.assign(container(manifests, 'Job/broker-definitions').env?.[0] ?? {}, {
            value: 'http://rabbitmq:15671',
          }),
      ],
      [
        'an exporter does not look',
        (manifests) =>
          Object.assign(container(manifests, 'Deployment/order-db-exporter').env?.[0] ?? {}, {
            value: 'sslmode=require',
          }),
      ],
      [
        'Prometheus does not look',
        (manifests) => delete find(manifests, 'PodMonitor/rabbitmq').spec.podMetricsEndpoints[1].scheme,
      ],
    ] satisfies [string, Mutation['make']][]
  ).flatMap(([mistake, make]) =>
    closed('every program makes sure which database and broker answers', mistake, make),
  ),
  ...(
    [
      [
        'a database has that of another',
        (find) => Object.assign(find('Cluster/order-db').certificates, { serverTLSSecret: 'stock-db-tls' }),
      ],
      ['the name of a database is not in it', (find) => find('Certificate/payment-db').dnsNames.shift()],
      ['the nodes of the broker are not in it', (find) => find('Certificate/rabbitmq').dnsNames.pop()],
    ] satisfies [string, (find: (id: string) => Anything) => unknown][]
  ).flatMap(([mistake, make]) =>
    production('each server has a certificate for its address', mistake, (manifests) =>
      make((id) => find(manifests, id).spec),
    ),
  ),
  ...staging('databases and broker refuse who does not speak TLS', 'a database lets them in', (manifests) => {
    const access = manifests.find(({ metadata }) => metadata.name.startsWith('database-access'));
    Object.assign(access?.data ?? {}, { 'pg_hba.conf': 'host all all all scram-sha-256\n' });
  }),
  ...staging(
    'databases and broker refuse who does not speak TLS',
    'a database does not read the rules',
    (manifests) => {
      container(manifests, 'StatefulSet/stock-db').args?.pop();
    },
  ),
  ...staging('databases and broker refuse who does not speak TLS', 'the broker lets them in', (manifests) => {
    const config = manifests.find(({ metadata }) => metadata.name.startsWith('rabbitmq-configuration'));
    Object.assign(config?.data ?? {}, { 'tls.conf': 'listeners.ssl.default = 5671' });
  }),
  ...staging(
    'each server has a certificate for its address',
    'a database has that of another',
    (manifests) => {
      for (const { secret } of pod(manifests, 'StatefulSet/order-db').volumes ?? []) {
        Object.assign(secret ?? {}, { secretName: 'stock-db-tls' });
      }
    },
  ),
  ...laptop('all pods together request little', 'the broker requests too much', (manifests) => {
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
