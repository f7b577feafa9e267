import {
  type Container,
  type Manifest,
  ofKind,
  type Selector,
  selects,
  type Workload,
  workloads,
} from '../manifests';

/** Each policy answers what is wrong, as "who: what"; nothing when all is well. */
export type Policy = (all: readonly Manifest[]) => string[];

const eachPod = (
  look: (workload: Workload, all: readonly Manifest[]) => (string | false | undefined)[],
): Policy => {
  return (all) =>
    workloads(all).flatMap((workload) =>
      look(workload, all)
        .filter((fault) => typeof fault === 'string')
        .map((fault) => `${workload.name}: ${fault}`),
    );
};

const containersOf = ({ pod }: Workload) => [...(pod.initContainers ?? []), ...pod.containers];

const inEachContainer = (look: (container: Container) => (string | false | undefined)[]): Policy =>
  eachPod((workload) =>
    containersOf(workload).flatMap((container) =>
      look(container).map((fault) => fault && `${container.name} ${fault}`),
    ),
  );

/** What the namespace's admission asks for (restricted), and a root file system that nobody can write to. */
export const restricted: Policy = (all) => [
  ...eachPod(({ pod }) => [
    pod.securityContext?.runAsNonRoot !== true && 'may run as root',
    !pod.securityContext?.runAsUser && 'does not say as whom it runs',
    pod.securityContext?.seccompProfile?.type !== 'RuntimeDefault' && 'has no seccomp profile',
    (pod.hostNetwork || pod.hostPID || pod.hostIPC) && 'shares a namespace with its node',
    pod.volumes?.some(({ hostPath }) => hostPath !== undefined) && 'mounts a folder of its node',
  ])(all),
  ...inEachContainer(({ securityContext: context }) => [
    context?.allowPrivilegeEscalation !== false && 'may gain privileges',
    context?.privileged && 'is privileged',
    !context?.capabilities?.drop?.includes('ALL') && 'keeps capabilities',
    context?.capabilities?.add !== undefined && 'adds capabilities',
    context?.readOnlyRootFilesystem !== true && 'can write to its root file system',
  ])(all),
];

/** Nothing of ours talks to Kubernetes. */
export const withoutToken: Policy = eachPod(({ pod }, all) => [
  pod.automountServiceAccountToken !== false && 'is given a token of Kubernetes',
  pod.enableServiceLinks !== false && 'is given an environment variable for every Service',
  !ofKind(all, 'ServiceAccount').some(({ metadata }) => metadata.name === pod.serviceAccountName) &&
    `runs as ${pod.serviceAccountName}, which there is not`,
]);

export const sized: Policy = inEachContainer(({ resources }) =>
  (['requests', 'limits'] as const).flatMap((what) =>
    (['cpu', 'memory'] as const).map((of) => !resources?.[what]?.[of] && `has no ${of} in its ${what}`),
  ),
);

export const probed: Policy = eachPod(({ pod, serves }) =>
  serves
    ? pod.containers.flatMap(({ name, startupProbe, livenessProbe, readinessProbe, ports = [] }) =>
        Object.entries({ startupProbe, livenessProbe, readinessProbe }).map(([which, probe]) => {
          const port = (probe?.httpGet ?? probe?.tcpSocket)?.port;
          if (!probe) {
            return `${name} has no ${which}`;
          }
          return (
            port !== undefined &&
            !ports.some((open) => open.name === port || open.containerPort === port) &&
            `${name} has no port ${port} for its ${which}`
          );
        }),
      )
    : [],
);

/** Exactly one, or an eviction is refused outright. */
export const budgeted: Policy = eachPod(({ labels, serves }, all) => {
  const budgets = ofKind<{ selector: Selector; maxUnavailable?: number }>(all, 'PodDisruptionBudget');
  const found = budgets.filter(({ spec }) => selects(spec.selector, labels));
  return [
    serves && found.length !== 1 && `has ${found.length} PodDisruptionBudgets`,
    serves && found.some(({ spec }) => !spec.maxUnavailable) && 'can never be evicted',
  ];
});

/** Our own programs: spread over nodes and zones, and replaced one by one without ever being fewer. */
export const rolledOut: Policy = (all) =>
  ofKind<{ strategy?: { rollingUpdate?: { maxUnavailable?: number; maxSurge?: number } } }>(
    all,
    'Deployment',
  ).flatMap(({ metadata, spec }) => {
    const workload = workloads(all).find(({ name }) => name === `Deployment/${metadata.name}`);
    const keys = workload?.pod.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey) ?? [];
    const ours = workload?.pod.containers.some(({ image }) => /(^|\/)chandlery\//.test(image));
    if (!ours) {
      return [];
    }
    return [
      spec.strategy?.rollingUpdate?.maxUnavailable !== 0 && 'is fewer while it is replaced',
      !keys.includes('kubernetes.io/hostname') && 'is not spread over nodes',
      !keys.includes('topology.kubernetes.io/zone') && 'is not spread over zones',
      !workload?.pod.containers[0]?.lifecycle?.preStop?.sleep && 'is sent requests after SIGTERM',
    ]
      .filter((fault) => typeof fault === 'string')
      .map((fault) => `Deployment/${metadata.name}: ${fault}`);
  });

const recommended = ['name', 'instance', 'version', 'component', 'part-of', 'managed-by'];

export const labelled: Policy = (all) => [
  ...all
    .filter(({ kind }) => !['Namespace', 'GatewayClass', 'ConfigMap'].includes(kind))
    .flatMap(({ kind, metadata }) =>
      recommended
        .filter((name) => !metadata.labels?.[`app.kubernetes.io/${name}`])
        .map((name) => `${kind}/${metadata.name}: has no label ${name}`),
    ),
  ...['Deployment', 'StatefulSet'].flatMap((kind) =>
    ofKind<{ selector: Selector }>(all, kind)
      .filter(({ spec }) =>
        Object.keys(spec.selector.matchLabels ?? {}).some((key) => !/\/(name|instance)$/.test(key)),
      )
      .map(({ metadata }) => `${kind}/${metadata.name}: selects by more than name and instance`),
  ),
];

/** What belongs to no namespace has none, and all else is where its Secrets are. */
export const placed: Policy = (all) =>
  all
    .filter(({ kind, metadata }) => {
      const global = ['Namespace', 'GatewayClass'].includes(kind);
      return global ? metadata.namespace !== undefined : metadata.namespace === undefined;
    })
    .map(({ kind, metadata }) => `${kind}/${metadata.name}: is in the namespace ${metadata.namespace}`);

/** The namespace itself refuses what these policies would not have found. */
export const admitted: Policy = (all) =>
  ofKind(all, 'Namespace').flatMap(({ metadata }) =>
    ['enforce', 'audit', 'warn']
      .filter((mode) => metadata.labels?.[`pod-security.kubernetes.io/${mode}`] !== 'restricted')
      .map((mode) => `Namespace/${metadata.name}: does not ${mode} restricted pods`),
  );
