import {
  type Container,
  type Manifest,
  ofKind,
  type Selector,
  selects,
  type Toleration,
  type Workload,
  workloads,
} from '../manifests';

/** Returns what is wrong, each as "object: fault". Returns an empty list when all is well. */
export type Policy = (manifests: readonly Manifest[]) => string[];

const eachPod = (
  look: (workload: Workload, manifests: readonly Manifest[]) => (string | false | undefined)[],
): Policy => {
  return (manifests) =>
    workloads(manifests).flatMap((workload) =>
      look(workload, manifests)
        .filter((fault) => typeof fault === 'string')
        .map((fault) => `${workload.name}: ${fault}`),
    );
};

const containersOf = ({ pod }: Workload) => [...(pod.initContainers ?? []), ...pod.containers];

const isOurs = ({ pod }: Workload) => pod.containers.some(({ image }) => /(^|\/)chandlery\//.test(image));

const inEachContainer = (look: (container: Container) => (string | false | undefined)[]): Policy =>
  eachPod((workload) =>
    containersOf(workload).flatMap((container) =>
      look(container).map((fault) => fault && `${container.name} ${fault}`),
    ),
  );

/** What the namespace's admission requires (restricted), and a read-only root file system. */
export const restricted: Policy = (manifests) => [
  ...eachPod(({ pod }) => [
    pod.securityContext?.runAsNonRoot !== true && 'may run as root',
    !pod.securityContext?.runAsUser && 'sets no user',
    pod.securityContext?.seccompProfile?.type !== 'RuntimeDefault' && 'has no seccomp profile',
    (pod.hostNetwork || pod.hostPID || pod.hostIPC) && 'shares a namespace with its node',
    pod.volumes?.some(({ hostPath }) => hostPath !== undefined) && 'mounts a folder of its node',
  ])(manifests),
  ...inEachContainer(({ securityContext: context }) => [
    context?.allowPrivilegeEscalation !== false && 'may gain privileges',
    context?.privileged && 'is privileged',
    !context?.capabilities?.drop?.includes('ALL') && 'keeps capabilities',
    context?.capabilities?.add !== undefined && 'adds capabilities',
    context?.readOnlyRootFilesystem !== true && 'can write to its root file system',
  ])(manifests),
];

/** None of our pods talks to the Kubernetes API. */
export const withoutToken: Policy = eachPod(({ pod }, manifests) => [
  pod.automountServiceAccountToken !== false && 'gets a Kubernetes API token',
  pod.enableServiceLinks !== false && 'gets an environment variable for every Service',
  !ofKind(manifests, 'ServiceAccount').some(({ metadata }) => metadata.name === pod.serviceAccountName) &&
    `runs as ${pod.serviceAccountName}, which does not exist`,
]);

export const sized: Policy = inEachContainer(({ resources }) =>
  (['requests', 'limits'] as const).flatMap((bound) =>
    (['cpu', 'memory'] as const).map(
      (resource) => !resources?.[bound]?.[resource] && `has no ${resource} in its ${bound}`,
    ),
  ),
);

export const probed: Policy = eachPod(({ pod, isServer }) =>
  isServer
    ? pod.containers.flatMap(({ name, startupProbe, livenessProbe, readinessProbe, ports = [] }) =>
        Object.entries({ startupProbe, livenessProbe, readinessProbe }).map(([which, probe]) => {
          const port = (probe?.httpGet ?? probe?.tcpSocket)?.port;
          if (!probe) {
            return `${name} has no ${which}`;
          }
          return (
            port !== undefined &&
            !ports.some((declared) => declared.name === port || declared.containerPort === port) &&
            `${name} has no port ${port} for its ${which}`
          );
        }),
      )
    : [],
);

/** A pod has exactly one budget: with several, Kubernetes refuses every eviction. */
export const budgeted: Policy = eachPod(({ labels, isServer }, manifests) => {
  const budgets = ofKind<{ selector: Selector; maxUnavailable?: number }>(manifests, 'PodDisruptionBudget');
  const found = budgets.filter(({ spec }) => selects(spec.selector, labels));
  return [
    isServer && found.length !== 1 && `has ${found.length} PodDisruptionBudgets`,
    isServer && found.some(({ spec }) => !spec.maxUnavailable) && 'can never be evicted',
  ];
});

/** Our own pods are spread over nodes and zones, and a rollout replaces them one by one and never has fewer of them. */
export const rolledOut: Policy = (manifests) =>
  ofKind<{ strategy?: { rollingUpdate?: { maxUnavailable?: number; maxSurge?: number } } }>(
    manifests,
    'Deployment',
  ).flatMap(({ metadata, spec }) => {
    const workload = workloads(manifests).find(({ name }) => name === `Deployment/${metadata.name}`);
    const keys = workload?.pod.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey) ?? [];
    if (!workload || !isOurs(workload)) {
      return [];
    }
    return [
      spec.strategy?.rollingUpdate?.maxUnavailable !== 0 && 'has fewer pods during a rollout',
      !keys.includes('kubernetes.io/hostname') && 'is not spread over nodes',
      !keys.includes('topology.kubernetes.io/zone') && 'is not spread over zones',
      !workload?.pod.containers[0]?.lifecycle?.preStop?.sleep && 'gets requests after SIGTERM',
    ]
      .filter((fault) => typeof fault === 'string')
      .map((fault) => `Deployment/${metadata.name}: ${fault}`);
  });

/** The default, five minutes, is for pods whose replacement needs their volume. */
const LEAVE_LOST_NODE_WITHIN_S = 10;

/** Whether a pod with these tolerations is replaced soon when its node is lost. */
export function leavesLostNode(tolerations: readonly Toleration[] = []): boolean {
  return ['not-ready', 'unreachable'].every((condition) =>
    tolerations.some(
      ({ key, effect, tolerationSeconds = Number.POSITIVE_INFINITY }) =>
        key === `node.kubernetes.io/${condition}` &&
        effect === 'NoExecute' &&
        tolerationSeconds <= LEAVE_LOST_NODE_WITHIN_S,
    ),
  );
}

/** A pod of a Deployment keeps nothing on its node. */
export const replaced: Policy = eachPod(({ kind, pod }) => [
  kind === 'Deployment' && !leavesLostNode(pod.tolerations) && 'stays on a lost node for minutes',
]);

/** A lost answer about a name is asked for again after a second: the default is as long as a connection may take. */
export const asksAgain: Policy = eachPod((workload) => {
  const options = workload.pod.dnsConfig?.options ?? [];
  const has = (name: string, value?: string) =>
    options.some((option) => option.name === name && option.value === value);
  return [
    isOurs(workload) && !has('timeout', '1') && 'waits seconds for a lost answer about a name',
    isOurs(workload) && !has('single-request-reopen') && 'asks both questions about a name through one port',
  ];
});

const recommended = ['name', 'instance', 'version', 'component', 'part-of', 'managed-by'];

export const labelled: Policy = (manifests) => [
  ...manifests
    .filter(({ kind }) => !['Namespace', 'GatewayClass', 'ConfigMap'].includes(kind))
    .flatMap(({ kind, metadata }) =>
      recommended
        .filter((name) => !metadata.labels?.[`app.kubernetes.io/${name}`])
        .map((name) => `${kind}/${metadata.name}: has no label ${name}`),
    ),
  ...['Deployment', 'StatefulSet'].flatMap((kind) =>
    ofKind<{ selector: Selector }>(manifests, kind)
      .filter(({ spec }) =>
        Object.keys(spec.selector.matchLabels ?? {}).some((key) => !/\/(name|instance)$/.test(key)),
      )
      .map(({ metadata }) => `${kind}/${metadata.name}: selects by more than name and instance`),
  ),
];

/** Cluster-scoped objects have no namespace. All others have one, because their Secrets are in it. */
export const placed: Policy = (manifests) =>
  manifests
    .filter(({ kind, metadata }) => {
      const isClusterScoped = ['Namespace', 'GatewayClass'].includes(kind);
      return isClusterScoped ? metadata.namespace !== undefined : metadata.namespace === undefined;
    })
    .map(({ kind, metadata }) => `${kind}/${metadata.name}: is in the namespace ${metadata.namespace}`);

/** The namespace itself refuses what these policies would miss. */
export const admitted: Policy = (manifests) =>
  ofKind(manifests, 'Namespace').flatMap(({ metadata }) =>
    ['enforce', 'audit', 'warn']
      .filter((mode) => metadata.labels?.[`pod-security.kubernetes.io/${mode}`] !== 'restricted')
      .map((mode) => `Namespace/${metadata.name}: does not ${mode} restricted pods`),
  );
