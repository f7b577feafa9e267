import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { settings as orderSettings } from '../../../order/src/config';
import { type PagesName, pagesNames } from '../../../shared/pages';
import { root } from '../../../shared/root';
import { HTTP_GRACE_MS } from '../../../shared/service/foundation';
import { STOP_WITHIN_MS } from '../../../shared/service/lifecycle';
import { type ServiceName, serviceNames } from '../../../shared/services';
import { type Container, environment, type Manifest, mebibytes, ofKind, workloads } from '../manifests';
import { proxiesRequest } from './gateway';
import type { Policy } from './pods';

/** Adds up sizes over all files, so that what does not fit shows here and not in the night of the first rush. */
const defaults = orderSettings
  .pick({
    POOL_SIZE: true,
    HTTP_POOL_SIZE: true,
    HTTP_READ_POOL_SIZE: true,
    DRAIN_DELAY_MS: true,
    ANSWER_WITHIN_MS: true,
  })
  .parse({});
type Setting = keyof typeof defaults;

const containerOf = (manifests: readonly Manifest[], service: ServiceName): Container | undefined =>
  workloads(manifests).find(({ name }) => name === `Deployment/${service}`)?.pod.containers[0];

/** The services that an overlay has. */
const deployed = (manifests: readonly Manifest[]): ServiceName[] =>
  serviceNames.filter((service) => containerOf(manifests, service) !== undefined);

/** Returns a service's setting as its pods get it. */
function setting(manifests: readonly Manifest[], service: ServiceName, name: Setting): number {
  const container = containerOf(manifests, service);
  return Number((container && environment(manifests, container)[name]) || defaults[name]);
}

/** Returns the most replicas that an autoscaler may start, or 1 without an autoscaler. */
function maxReplicas(manifests: readonly Manifest[], service: ServiceName | PagesName): number {
  const hpa = ofKind<{ scaleTargetRef: { name: string }; maxReplicas: number }>(
    manifests,
    'HorizontalPodAutoscaler',
  );
  const keda = ofKind<{ scaleTargetRef: { name: string }; maxReplicaCount: number }>(
    manifests,
    'ScaledObject',
  );
  const scaled = [
    ...hpa.filter(({ spec }) => spec.scaleTargetRef.name === service).map(({ spec }) => spec.maxReplicas),
    ...keda
      .filter(({ spec }) => spec.scaleTargetRef.name === service)
      .map(({ spec }) => spec.maxReplicaCount),
  ];
  return Math.max(1, ...scaled);
}

const POOLS = ['POOL_SIZE', 'HTTP_POOL_SIZE', 'HTTP_READ_POOL_SIZE'] as const;

/** Other connections: two auditors while one replaces the other, with two each; a migration; commands; the exporter. */
const TOOLS = 2 * 2 + 2 + 5 * 2 + 3;
/** Connections that PostgreSQL reserves for its superuser, and those of CloudNativePG's instances and of replication. */
const RESERVED = 3 + 10;

function maxConnections(manifests: readonly Manifest[], service: ServiceName): number {
  const cluster = ofKind<{ postgresql: { parameters: Record<string, string> } }>(manifests, 'Cluster').find(
    ({ metadata }) => metadata.name === `${service}-db`,
  );
  const plain = workloads(manifests).find(({ name }) => name === `StatefulSet/${service}-db`);
  const flag = plain?.pod.containers[0]?.args?.find((arg) => arg.startsWith('-cmax_connections='));
  return Number(cluster?.spec.postgresql.parameters.max_connections ?? flag?.split('=')[1] ?? 100);
}

/**
 * A Deployment does not count pods that are ending against maxSurge. After a quick rollout, every replica may still have
 * its connections open beside its successor's.
 */
export const connectionsFit: Policy = (manifests) =>
  deployed(manifests).flatMap((service) => {
    const sizes = POOLS.map((pool) => setting(manifests, service, pool));
    // And one that asks whether the database is there.
    const pools = sizes.reduce((sum, size) => sum + size, 1);
    const most = 2 * maxReplicas(manifests, service) * pools + TOOLS + RESERVED;
    const max = maxConnections(manifests, service);
    return most < max ? [] : [`${service}-db: up to ${most} connections may be opened, of ${max}`];
  });

/** Before a pod is killed, waiting requests get their answers, and work in progress is committed and published. */
export const graceSuffices: Policy = (manifests) =>
  deployed(manifests).flatMap((service) => {
    const pod = workloads(manifests).find(({ name }) => name === `Deployment/${service}`)?.pod;
    const preStop = pod?.containers[0]?.lifecycle?.preStop?.sleep?.seconds ?? 0;
    const grace = pod?.terminationGracePeriodSeconds ?? 30;
    const longestWaitMs = setting(manifests, service, 'ANSWER_WITHIN_MS');
    // The server's own limit for requests, then the inbox and the outbox, and a second for the log.
    const stop =
      (setting(manifests, service, 'DRAIN_DELAY_MS') + HTTP_GRACE_MS + 1_000 + 2 * STOP_WITHIN_MS + 1_000) /
      1000;
    return [
      ...(longestWaitMs < HTTP_GRACE_MS
        ? []
        : [`${service}: lets requests wait for longer than its shutdown waits for them`]),
      ...(grace > preStop + stop
        ? []
        : [`${service}: is killed after ${grace} s, and may need ${preStop + stop} s`]),
    ];
  });

/** No route cuts off a waiting checkout. */
export const routesWait: Policy = (manifests) => {
  const longestWait = setting(manifests, 'order', 'ANSWER_WITHIN_MS') / 1000;
  return ofKind<{ rules: { timeouts?: { request?: string }; backendRefs?: { name: string }[] }[] }>(
    manifests,
    'HTTPRoute',
  ).flatMap(({ metadata, spec }) =>
    spec.rules
      .filter(({ backendRefs }) => backendRefs?.some(({ name }) => name === 'order'))
      .filter(({ timeouts }) => !(Number.parseInt(timeouts?.request ?? '15', 10) > longestWait + 5))
      .map(
        ({ timeouts }) => `HTTPRoute/${metadata.name}: cuts requests off after ${timeouts?.request ?? '15s'}`,
      ),
  );
};

interface Measured {
  peak_mebibytes: Record<string, number>;
}
export const measured = JSON.parse(readFileSync(join(root, 'k8s/measured.json'), 'utf8')) as Measured;

/** A container requests one to two times its measured peak, and its limit is at least 1.5 times the peak. */
export const memoryFits: Policy = (manifests) =>
  Object.entries(measured.peak_mebibytes).flatMap(([name, peak]) => {
    const container = workloads(manifests)
      .flatMap(({ pod }) => pod.containers)
      .find((candidate) => candidate.name === name);
    // An operator's broker has room for many more messages than there were when this was measured.
    if (!container && ofKind(manifests, 'RabbitmqCluster').some(({ metadata }) => metadata.name === name)) {
      return [];
    }
    if (!container) {
      return [`${name}: was measured, but no container has this name`];
    }
    const request = mebibytes(container.resources?.requests?.memory ?? '0Mi');
    const limit = mebibytes(container.resources?.limits?.memory ?? '0Mi');
    const heap = /--max-old-space-size=(\d+)/.exec(environment(manifests, container).NODE_OPTIONS ?? '')?.[1];
    return [
      request < peak && `${name}: requests ${request} MiB, but used ${peak}`,
      request > 2 * peak && `${name}: requests ${request} MiB, but used only ${peak}`,
      limit < 1.5 * peak && `${name}: is limited to ${limit} MiB, but used ${peak}`,
      heap && Number(heap) > 0.7 * limit && `${name}: V8 may use ${heap} MiB of ${limit}`,
    ].filter((fault) => typeof fault === 'string');
  });

/** The minimum is at least two, so that one may go, and the maximum at least six, so that there is room to scale. */
export const scaled: Policy = (manifests) =>
  [...deployed(manifests), ...pagesNames].flatMap((service) => {
    const hpa = ofKind<{ scaleTargetRef: { name: string }; minReplicas: number }>(
      manifests,
      'HorizontalPodAutoscaler',
    );
    const keda = ofKind<{ scaleTargetRef: { name: string }; minReplicaCount: number }>(
      manifests,
      'ScaledObject',
    );
    const least = [
      ...hpa.filter(({ spec }) => spec.scaleTargetRef.name === service).map(({ spec }) => spec.minReplicas),
      ...keda
        .filter(({ spec }) => spec.scaleTargetRef.name === service)
        .map(({ spec }) => spec.minReplicaCount),
    ];
    if (least.length !== 1) {
      return [`${service}: has ${least.length} autoscalers`];
    }
    return [
      ...((least[0] ?? 0) >= 2 ? [] : [`${service}: may scale down to one replica`]),
      ...(maxReplicas(manifests, service) >= 6 ? [] : [`${service}: cannot scale up to six replicas`]),
    ];
  });

/** Returns the MiB that all pods request together, with the gateway's proxies. */
export function requestedMemory(manifests: readonly Manifest[]): number {
  const pods = workloads(manifests).filter(({ isServer }) => isServer);
  const own = pods.flatMap(({ replicas, pod }) =>
    pod.containers.map(({ resources }) => replicas * mebibytes(resources?.requests?.memory ?? '0Mi')),
  );
  return own.reduce((sum, each) => sum + each, proxiesRequest(manifests));
}
