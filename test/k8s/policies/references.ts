import {
  type EnvVar,
  type Manifest,
  nameOf,
  type Overlay,
  ofKind,
  type Selector,
  selects,
  workloads,
} from '../manifests';
import type { Policy } from './pods';
import { secretsOf } from './secrets';

/** "secret/key" wherever a manifest names one, also in custom resources; without a key where all of it is meant. */
export function secretsNamed(all: readonly Manifest[]): { by: string; secret: string; key?: string }[] {
  const found: { by: string; secret: string; key?: string }[] = [];
  for (const manifest of all) {
    const by = nameOf(manifest);
    const add = (secret: string, key?: string) =>
      found.push({ by, secret, ...(key === undefined ? {} : { key }) });
    walk(manifest.spec, (key, value) => {
      const { name, key: which } = value as { name?: string; key?: string };
      if (!name) {
        return;
      }
      if (['secretKeyRef', 'accessKeyId', 'secretAccessKey'].includes(key)) {
        add(name, which);
      }
      if (['passwordSecret', 'secretRef', 'secret'].includes(key)) {
        add(name);
      }
      if (key === 'secretTargetRef') {
        add(name, which);
      }
      if (key === 'certificateRefs') {
        add(name);
      }
    });
  }
  return found;
}

/** Every object in a manifest, with the name that it, or the list that it is in, goes by. */
function walk(node: unknown, look: (key: string, value: object) => void, key = ''): void {
  if (Array.isArray(node)) {
    for (const item of node) {
      walk(item, look, key);
    }
  } else if (typeof node === 'object' && node !== null) {
    look(key, node);
    for (const [name, value] of Object.entries(node)) {
      walk(value, look, name);
    }
  }
}

export const secretsExist =
  (overlay: Overlay): Policy =>
  (all) => {
    const made = secretsOf(overlay, all);
    return secretsNamed(all)
      .filter(({ secret, key }) => !made.has(secret) || (key !== undefined && !made.get(secret)?.has(key)))
      .map(({ by, secret, key }) => `${by}: nobody makes the Secret ${secret}${key ? ` with ${key}` : ''}`);
  };

export const configMapsExist: Policy = (all) => {
  const there = new Set(ofKind(all, 'ConfigMap').map(({ metadata }) => metadata.name));
  return workloads(all).flatMap(({ name, pod }) =>
    [
      ...(pod.volumes ?? []).map(({ configMap }) => configMap?.name),
      ...pod.containers.flatMap(({ envFrom = [] }) => envFrom.map(({ configMapRef }) => configMapRef?.name)),
    ]
      .filter((map) => map !== undefined && !there.has(map))
      .map((map) => `${name}: there is no ConfigMap ${map}`),
  );
};

/** Volumes are declared and used. */
export const volumesMatch: Policy = (all) =>
  workloads(all).flatMap(({ name, kind, pod }) => {
    const claimed = kind === 'StatefulSet' ? ['data'] : [];
    const declared = [...(pod.volumes ?? []).map((volume) => volume.name), ...claimed];
    const used = pod.containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map((mount) => mount.name));
    return [
      ...used
        .filter((volume) => !declared.includes(volume))
        .map((volume) => `${name}: mounts ${volume}, which is not`),
      ...declared
        .filter((volume) => !used.includes(volume))
        .map((volume) => `${name}: does not mount ${volume}`),
    ];
  });

interface ServiceSpec {
  selector: Record<string, string>;
  ports: { name: string; port: number; targetPort: string | number }[];
}

/** A Service finds exactly one kind of pod, and a port that it has. */
export const servicesFind: Policy = (all) =>
  ofKind<ServiceSpec>(all, 'Service').flatMap(({ metadata, spec }) => {
    const found = workloads(all).filter(({ labels }) => selects({ matchLabels: spec.selector }, labels));
    const ports = found.flatMap(({ pod }) => pod.containers.flatMap((container) => container.ports ?? []));
    return [
      ...(found.length === 1 ? [] : [`Service/${metadata.name}: finds ${found.length} kinds of pods`]),
      ...spec.ports
        .filter(
          ({ targetPort }) => !ports.some((port) => [port.name, port.containerPort].includes(targetPort)),
        )
        .map(({ targetPort }) => `Service/${metadata.name}: nobody has the port ${targetPort}`),
    ];
  });

/** What answers at a name: our Services, and those that the operators make. */
export function addresses(all: readonly Manifest[]): Map<string, number[]> {
  const there = new Map<string, number[]>();
  for (const { metadata, spec } of ofKind<ServiceSpec>(all, 'Service')) {
    there.set(
      metadata.name,
      spec.ports.map(({ port }) => port),
    );
  }
  for (const { metadata } of ofKind(all, 'Cluster')) {
    there.set(`${metadata.name}-rw`, [5432]);
  }
  for (const { metadata } of ofKind(all, 'RabbitmqCluster')) {
    there.set(metadata.name, [5672, 15672, 15692]);
  }
  return there;
}

const standardPorts: Record<string, number> = { 'http:': 80, 'amqp:': 5672, 'postgresql:': 5432 };

/** Every address in a setting or in a Secret's text names a Service of this namespace, and one of its ports. */
export const addressesAnswer =
  (overlay: Overlay): Policy =>
  (all) => {
    const there = addresses(all);
    const settings = [
      ...ofKind(all, 'ConfigMap').flatMap(({ metadata, data }) =>
        metadata.name.includes('-settings')
          ? Object.entries(data ?? {}).map(([key, value]) => [key, value])
          : [],
      ),
      ...workloads(all).flatMap(({ pod }) =>
        pod.containers.flatMap(({ env = [] }) => env.map(({ name, value }: EnvVar) => [name, value])),
      ),
      ...[...secretsOf(overlay, all)].flatMap(([secret, keys]) =>
        [...keys].map(([key, text]) => [`${secret}/${key}`, text]),
      ),
    ];
    return settings.flatMap(([where, value]) => {
      const text = (value ?? '').replaceAll(/[{}]/g, '');
      if (!/^(https?|amqp|postgresql):\/\//.test(text)) {
        return [];
      }
      const url = new URL(text);
      const host = url.hostname.replace(/\.chandlery\.svc$/, '');
      const port = Number(url.port) || standardPorts[url.protocol];
      return there.get(host)?.includes(port ?? 0)
        ? []
        : [`${where}: nothing answers at ${url.hostname}:${port}`];
    });
  };

/** What scales, or is scaled, or is protected, is there. */
export const targetsExist: Policy = (all) => {
  const deployments = ofKind(all, 'Deployment').map(({ metadata }) => metadata.name);
  const targets = ['HorizontalPodAutoscaler', 'ScaledObject'].flatMap((kind) =>
    ofKind<{ scaleTargetRef: { name: string } }>(all, kind).map((one) => ({
      by: `${kind}/${one.metadata.name}`,
      name: one.spec.scaleTargetRef.name,
    })),
  );
  const budgets = ofKind<{ selector: Selector }>(all, 'PodDisruptionBudget');
  const brokers = ofKind(all, 'RabbitmqCluster').map(({ metadata }) => ({
    'app.kubernetes.io/name': metadata.name,
  }));
  const labels = [...workloads(all).map((workload) => workload.labels), ...brokers];
  return [
    ...targets
      .filter(({ name }) => !deployments.includes(name))
      .map(({ by, name }) => `${by}: there is no ${name}`),
    ...targets
      .filter(({ name }, i) => targets.findIndex((other) => other.name === name) !== i)
      .map(({ by, name }) => `${by}: ${name} has another autoscaler`),
    ...budgets
      .filter(({ spec }) => !labels.some((one) => selects(spec.selector, one)))
      .map((one) => `PodDisruptionBudget/${one.metadata.name}: protects nobody`),
  ];
};
