import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { root } from '../../shared/root';
import { participantNames, type ServiceName, serviceNames } from '../../shared/services';
import { renderKustomization } from '../support/kustomize';

/** The overlays, each rendered once, and the parts of a manifest that the policies check. */
export const overlays = ['laptop', 'staging', 'production'] as const;
export type Overlay = (typeof overlays)[number];

/** Whether people log in there, and servers want TLS. */
export const isClosed = (overlay: Overlay) => overlay !== 'laptop';

export type Labels = Readonly<Record<string, string>>;
export interface Selector {
  matchLabels?: Labels;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}
export interface Probe {
  httpGet?: { path: string; port: string | number };
  tcpSocket?: { port: string | number };
  exec?: { command: string[] };
  periodSeconds?: number;
  failureThreshold?: number;
}
export interface SecretKey {
  name: string;
  key: string;
  optional?: boolean;
}
export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef?: SecretKey; configMapKeyRef?: SecretKey };
}
export interface Container {
  name: string;
  image: string;
  args?: string[];
  env?: EnvVar[];
  envFrom?: { configMapRef?: { name: string }; secretRef?: { name: string } }[];
  ports?: { name?: string; containerPort: number }[];
  securityContext?: {
    allowPrivilegeEscalation?: boolean;
    privileged?: boolean;
    readOnlyRootFilesystem?: boolean;
    runAsNonRoot?: boolean;
    capabilities?: { drop?: string[]; add?: string[] };
    seccompProfile?: { type: string };
  };
  resources?: Partial<Record<'requests' | 'limits', Partial<Record<'cpu' | 'memory', string>>>>;
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  lifecycle?: { preStop?: { sleep?: { seconds: number } } };
  volumeMounts?: { name: string; mountPath: string; subPath?: string }[];
}
export interface Toleration {
  key?: string;
  effect?: string;
  tolerationSeconds?: number;
}
export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  enableServiceLinks?: boolean;
  dnsConfig?: { options?: { name: string; value?: string }[] };
  terminationGracePeriodSeconds?: number;
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
  securityContext?: { runAsNonRoot?: boolean; runAsUser?: number; seccompProfile?: { type: string } };
  tolerations?: Toleration[];
  topologySpreadConstraints?: { topologyKey: string; labelSelector?: Selector; matchLabelKeys?: string[] }[];
  volumes?: {
    name: string;
    configMap?: { name: string };
    secret?: { secretName: string };
    hostPath?: unknown;
  }[];
}
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Labels; annotations?: Labels };
  spec?: unknown;
  data?: Record<string, string>;
}

/** The services of an overlay. Only in production people log in. */
export const servicesIn = (overlay: Overlay): readonly ServiceName[] =>
  isClosed(overlay) ? serviceNames : participantNames;

const rendered = new Map<Overlay, Promise<Manifest[]>>();

/** Returns a copy of an overlay's manifests, which the caller may change. */
export async function manifestsOf(overlay: Overlay): Promise<Manifest[]> {
  let manifests = rendered.get(overlay);
  if (!manifests) {
    manifests = renderKustomization(join(root, 'k8s/overlays', overlay)).then((text) =>
      parseAllDocuments(text).map((document) => document.toJS() as Manifest),
    );
    rendered.set(overlay, manifests);
  }
  return structuredClone(await manifests);
}

export const nameOf = ({ kind, metadata }: Manifest) => `${kind}/${metadata.name}`;

/** Returns the manifests of a kind, with the type of their specification. */
export function ofKind<Spec>(
  manifests: readonly Manifest[],
  kind: string,
): (Omit<Manifest, 'spec'> & { spec: Spec })[] {
  return manifests.filter((manifest) => manifest.kind === kind) as (Omit<Manifest, 'spec'> & {
    spec: Spec;
  })[];
}

/** The pods that one of our manifests describes. */
export interface Workload {
  name: string;
  kind: string;
  labels: Labels;
  replicas: number;
  pod: PodSpec;
  /** Runs until it is stopped, and answers requests while it runs. */
  isServer: boolean;
}

interface Template {
  replicas?: number;
  template: { metadata?: { labels?: Labels }; spec: PodSpec };
}

export function workloads(manifests: readonly Manifest[]): Workload[] {
  return manifests.flatMap((manifest) => {
    const isServer = ['Deployment', 'StatefulSet', 'DaemonSet'].includes(manifest.kind);
    if (!isServer && !['Job', 'CronJob'].includes(manifest.kind)) {
      return [];
    }
    const spec = manifest.spec as Template & { jobTemplate?: { spec: Template } };
    const { template, replicas = 1 } = spec.jobTemplate?.spec ?? spec;
    const labels = template.metadata?.labels ?? {};
    return [{ name: nameOf(manifest), kind: manifest.kind, labels, replicas, pod: template.spec, isServer }];
  });
}

export function selects(selector: Selector | undefined, labels: Labels): boolean {
  if (!selector) {
    return false;
  }
  const exact = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return (
    exact &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === 'Exists') {
        return value !== undefined;
      }
      if (operator === 'DoesNotExist') {
        return value === undefined;
      }
      if (operator === 'In') {
        return value !== undefined && values.includes(value);
      }
      if (operator === 'NotIn') {
        return value === undefined || !values.includes(value);
      }
      throw new Error(`selectors have no operator ${operator}`);
    })
  );
}

/**
 * Converts Kubernetes' quantities of memory to MiB.
 * @throws when it is not a quantity
 */
export function mebibytes(quantity: string): number {
  const [, number, unit = ''] = /^([\d.]+)(Ki|Mi|Gi|k|M|G)?$/.exec(quantity) ?? [];
  const bytes = { '': 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, k: 1e3, M: 1e6, G: 1e9 }[unit];
  if (number === undefined || bytes === undefined) {
    throw new Error(`${quantity} is not an amount of memory`);
  }
  return (Number(number) * bytes) / 2 ** 20;
}

/** Returns a container's environment, with its settings from ConfigMaps. */
export function environment(manifests: readonly Manifest[], container: Container): Record<string, string> {
  const maps = (container.envFrom ?? []).flatMap(({ configMapRef }) =>
    configMapRef
      ? [ofKind(manifests, 'ConfigMap').find(({ metadata }) => metadata.name === configMapRef.name)?.data]
      : [],
  );
  const own = Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value ?? '']));
  return Object.assign({}, ...maps, own);
}
