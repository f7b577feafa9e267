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

/** Returns every Secret that a manifest names, also in custom resources, with the key if it names one. */
function secretsNamed(manifests: readonly Manifest[]): { by: string; secret: string; key?: string }[] {
  const found: { by: string; secret: string; key?: string }[] = [];
  for (const manifest of manifests) {
    const by = nameOf(manifest);
    const add = (secret: string, key?: string) =>
      found.push({ by, secret, ...(key === undefined ? {} : { key }) });
    walk(manifest.spec, (key, value) => {
      const { name, key: secretKey } = value as { name?: string; key?: string };
      if (!name) {
        return;
      }
      if (['secretKeyRef', 'accessKeyId', 'secretAccessKey'].includes(key)) {
        add(name, secretKey);
      }
      if (['passwordSecret', 'secretRef', 'secret'].includes(key)) {
        add(name);
      }
      if (key === 'secretTargetRef') {
        add(name, secretKey);
      }
      if (key === 'certificateRefs') {
        add(name);
      }
    });
  }
  return found;
}

/** Calls `visit` for every object in a manifest, with the key of the object or of the list that it is in. */
function walk(node: unknown, visit: (key: string, value: object) => void, key = ''): void {
  if (Array.isArray(node)) {
    for (const item of node) {
      walk(item, visit, key);
    }
  } else if (typeof node === 'object' && node !== null) {
    visit(key, node);
    for (const [name, value] of Object.entries(node)) {
      walk(value, visit, name);
    }
  }
}

export const secretsExist =
  (overlay: Overlay): Policy =>
  (manifests) => {
    const created = secretsOf(overlay, manifests);
    return secretsNamed(manifests)
      .filter(
        ({ secret, key }) => !created.has(secret) || (key !== undefined && !created.get(secret)?.has(key)),
      )
      .map(
        ({ by, secret, key }) => `${by}: nothing creates the Secret ${secret}${key ? ` with ${key}` : ''}`,
      );
  };

export const configMapsExist: Policy = (manifests) => {
  const existing = new Set(ofKind(manifests, 'ConfigMap').map(({ metadata }) => metadata.name));
  return workloads(manifests).flatMap(({ name, pod }) =>
    [
      ...(pod.volumes ?? []).map(({ configMap }) => configMap?.name),
      ...pod.containers.flatMap(({ envFrom = [] }) => envFrom.map(({ configMapRef }) => configMapRef?.name)),
    ]
      .filter((map) => map !== undefined && !existing.has(map))
      .map((map) => `${name}: there is no ConfigMap ${map}`),
  );
};

/** Every volume that is mounted is declared, and every declared one is mounted. */
export const volumesMatch: Policy = (manifests) =>
  workloads(manifests).flatMap(({ name, kind, pod }) => {
    const claimed = kind === 'StatefulSet' ? ['data'] : [];
    const declared = [...(pod.volumes ?? []).map((volume) => volume.name), ...claimed];
    const used = pod.containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map((mount) => mount.name));
    return [
      ...used
        .filter((volume) => !declared.includes(volume))
        .map((volume) => `${name}: mounts ${volume}, which it does not declare`),
      ...declared
        .filter((volume) => !used.includes(volume))
        .map((volume) => `${name}: does not mount ${volume}`),
    ];
  });

interface ServiceSpec {
  selector: Record<string, string>;
  ports: { name: string; port: number; targetPort: string | number }[];
}

/** A Service selects the pods of exactly one workload, and a port that they have. */
export const servicesFind: Policy = (manifests) =>
  ofKind<ServiceSpec>(manifests, 'Service').flatMap(({ metadata, spec }) => {
    const found = workloads(manifests).filter(({ labels }) =>
      selects({ matchLabels: spec.selector }, labels),
    );
    const ports = found.flatMap(({ pod }) => pod.containers.flatMap((container) => container.ports ?? []));
    return [
      ...(found.length === 1
        ? []
        : [`Service/${metadata.name}: selects the pods of ${found.length} workloads`]),
      ...spec.ports
        .filter(
          ({ targetPort }) => !ports.some((port) => [port.name, port.containerPort].includes(targetPort)),
        )
        .map(({ targetPort }) => `Service/${metadata.name}: no pod has the port ${targetPort}`),
    ];
  });

/** Returns the ports by Service name: of our Services, and of those that the operators make. */
export function addresses(manifests: readonly Manifest[]): Map<string, number[]> {
  const ports = new Map<string, number[]>();
  for (const { metadata, spec } of ofKind<ServiceSpec>(manifests, 'Service')) {
    ports.set(
      metadata.name,
      spec.ports.map(({ port }) => port),
    );
  }
  for (const { metadata } of ofKind(manifests, 'Cluster')) {
    ports.set(`${metadata.name}-rw`, [5432]);
  }
  for (const { metadata } of ofKind(manifests, 'RabbitmqCluster')) {
    ports.set(metadata.name, [5671, 15671, 15691]);
  }
  return ports;
}

const standardPorts: Record<string, number> = {
  'http:': 80,
  'amqp:': 5672,
  'amqps:': 5671,
  'postgresql:': 5432,
};

/** Every address in a setting or in a Secret names a Service of this namespace, and one of its ports. */
export const addressesAnswer =
  (overlay: Overlay): Policy =>
  (manifests) => {
    const services = addresses(manifests);
    const hosts = new Set(
      ofKind<{ listeners: { hostname: string }[] }>(manifests, 'Gateway').flatMap(({ spec }) =>
        spec.listeners.map(({ hostname }) => hostname),
      ),
    );
    const settings = [
      ...ofKind(manifests, 'ConfigMap').flatMap(({ metadata, data }) =>
        metadata.name.includes('-settings')
          ? Object.entries(data ?? {}).map(([key, value]) => [key, value])
          : [],
      ),
      ...workloads(manifests).flatMap(({ pod }) =>
        pod.containers.flatMap(({ env = [] }) => env.map(({ name, value }: EnvVar) => [name, value])),
      ),
      ...[...secretsOf(overlay, manifests)].flatMap(([secret, keys]) =>
        [...keys].map(([key, text]) => [`${secret}/${key}`, text]),
      ),
    ];
    return settings.flatMap(([source, value]) => {
      const text = (value ?? '').replaceAll(/[{}]/g, '');
      if (!/^(https?|amqps?|postgresql):\/\//.test(text)) {
        return [];
      }
      const url = new URL(text);
      // Tokens name it, and clients reach it from outside.
      if (source === 'AUTH_ISSUER') {
        return hosts.has(url.hostname) ? [] : [`${source}: no Gateway has the host ${url.hostname}`];
      }
      const host = url.hostname.replace(/\.chandlery\.svc$/, '');
      const port = Number(url.port) || standardPorts[url.protocol];
      return services.get(host)?.includes(port ?? 0)
        ? []
        : [`${source}: no Service has the address ${url.hostname}:${port}`];
    });
  };

/** Every autoscaler and every disruption budget has a target, and no target has two autoscalers. */
export const targetsExist: Policy = (manifests) => {
  const deployments = ofKind(manifests, 'Deployment').map(({ metadata }) => metadata.name);
  const targets = ['HorizontalPodAutoscaler', 'ScaledObject'].flatMap((kind) =>
    ofKind<{ scaleTargetRef: { name: string } }>(manifests, kind).map(({ metadata, spec }) => ({
      by: `${kind}/${metadata.name}`,
      name: spec.scaleTargetRef.name,
    })),
  );
  const budgets = ofKind<{ selector: Selector }>(manifests, 'PodDisruptionBudget');
  const brokers = ofKind(manifests, 'RabbitmqCluster').map(({ metadata }) => ({
    'app.kubernetes.io/name': metadata.name,
  }));
  const labels = [...workloads(manifests).map((workload) => workload.labels), ...brokers];
  return [
    ...targets
      .filter(({ name }) => !deployments.includes(name))
      .map(({ by, name }) => `${by}: there is no Deployment ${name}`),
    ...targets
      .filter(({ name }, i) => targets.findIndex((other) => other.name === name) !== i)
      .map(({ by, name }) => `${by}: ${name} already has an autoscaler`),
    ...budgets
      .filter(({ spec }) => !labels.some((podLabels) => selects(spec.selector, podLabels)))
      .map(({ metadata }) => `PodDisruptionBudget/${metadata.name}: protects no pod`),
  ];
};
