import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { settings as orderSettings } from '../../../order/src/config';
import { root } from '../../../shared/root';
import { STOP_WITHIN_MS } from '../../../shared/service/lifecycle';
import { HTTP_GRACE_MS } from '../../../shared/service/service';
import { type ServiceName, serviceNames } from '../../../shared/services';
import { type Container, environment, type Manifest, mebibytes, ofKind, workloads } from '../manifests';
import { proxiesRequest } from './gateway';
import type { Policy } from './pods';

/** Sums over the files: what does not fit is found here, and not in the night of the first rush. */
const defaults = orderSettings
  .pick({ POOL_SIZE: true, HTTP_POOL_SIZE: true, DRAIN_DELAY_MS: true, ANSWER_WITHIN_MS: true })
  .parse({});
type Setting = keyof typeof defaults;

const containerOf = (all: readonly Manifest[], service: ServiceName): Container | undefined =>
  workloads(all).find(({ name }) => name === `Deployment/${service}`)?.pod.containers[0];

/** A service's setting as its pods have it. */
function setting(all: readonly Manifest[], service: ServiceName, name: Setting): number {
  const container = containerOf(all, service);
  return Number((container && environment(all, container)[name]) || defaults[name]);
}

/** As many replicas as an autoscaler may want; one where there is none. */
function maxReplicas(all: readonly Manifest[], service: ServiceName): number {
  const hpa = ofKind<{ scaleTargetRef: { name: string }; maxReplicas: number }>(
    all,
    'HorizontalPodAutoscaler',
  );
  const keda = ofKind<{ scaleTargetRef: { name: string }; maxReplicaCount: number }>(all, 'ScaledObject');
  const scaled = [
    ...hpa.filter(({ spec }) => spec.scaleTargetRef.name === service).map(({ spec }) => spec.maxReplicas),
    ...keda
      .filter(({ spec }) => spec.scaleTargetRef.name === service)
      .map(({ spec }) => spec.maxReplicaCount),
  ];
  return Math.max(1, ...scaled);
}

/** What else connects: two auditors while one replaces the other, two each; a migration; commands; the exporter. */
const TOOLS = 2 * 2 + 2 + 5 * 2 + 3;
/** Kept back by PostgreSQL for its superuser, and used by CloudNativePG's own instances and by replication. */
const RESERVED = 3 + 10;

function maxConnections(all: readonly Manifest[], service: ServiceName): number {
  const cluster = ofKind<{ postgresql: { parameters: Record<string, string> } }>(all, 'Cluster').find(
    ({ metadata }) => metadata.name === `${service}-db`,
  );
  const plain = workloads(all).find(({ name }) => name === `StatefulSet/${service}-db`);
  const flag = plain?.pod.containers[0]?.args?.find((arg) => arg.startsWith('-cmax_connections='));
  return Number(cluster?.spec.postgresql.parameters.max_connections ?? flag?.split('=')[1] ?? 100);
}

/**
 * A Deployment does not count pods that are ending against maxSurge: after a quick rollout, every replica may still hold
 * its connections beside its successor.
 */
export const connectionsFit: Policy = (all) =>
  serviceNames.flatMap((service) => {
    const pools = setting(all, service, 'POOL_SIZE') + setting(all, service, 'HTTP_POOL_SIZE');
    const most = 2 * maxReplicas(all, service) * pools + TOOLS + RESERVED;
    const max = maxConnections(all, service);
    return most < max ? [] : [`${service}-db: ${most} connections may be asked for, of ${max}`];
  });

/** Whoever waits for an answer gets it, and what is under way is committed and published, before the pod is killed. */
export const graceSuffices: Policy = (all) =>
  serviceNames.flatMap((service) => {
    const pod = workloads(all).find(({ name }) => name === `Deployment/${service}`)?.pod;
    const preStop = pod?.containers[0]?.lifecycle?.preStop?.sleep?.seconds ?? 0;
    const grace = pod?.terminationGracePeriodSeconds ?? 30;
    const held = setting(all, service, 'ANSWER_WITHIN_MS') / 1000;
    // The server's own bound on requests, then the inbox and the outbox, and a second for the log.
    const stop =
      (setting(all, service, 'DRAIN_DELAY_MS') + HTTP_GRACE_MS + 1_000 + 2 * STOP_WITHIN_MS + 1_000) / 1000;
    return [
      ...(held * 1000 < HTTP_GRACE_MS ? [] : [`${service}: holds requests longer than it waits for them`]),
      ...(grace > preStop + stop
        ? []
        : [`${service}: is killed after ${grace} s, and may need ${preStop + stop} s`]),
    ];
  });

/** Nothing on the way cuts a held checkout off. */
export const routesWait: Policy = (all) => {
  const held = setting(all, 'order', 'ANSWER_WITHIN_MS') / 1000;
  return ofKind<{ rules: { timeouts?: { request?: string }; backendRefs?: { name: string }[] }[] }>(
    all,
    'HTTPRoute',
  ).flatMap(({ metadata, spec }) =>
    spec.rules
      .filter(({ backendRefs }) => backendRefs?.some(({ name }) => name === 'order'))
      .filter(({ timeouts }) => !(Number.parseInt(timeouts?.request ?? '15', 10) > held + 5))
      .map(
        ({ timeouts }) => `HTTPRoute/${metadata.name}: cuts requests off after ${timeouts?.request ?? '15s'}`,
      ),
  );
};

interface Measured {
  peak_mebibytes: Record<string, number>;
}
export const measured = JSON.parse(readFileSync(join(root, 'k8s/measured.json'), 'utf8')) as Measured;

/** What is asked for is what was used, and a little; what is allowed leaves room for twice that. */
export const memoryFits: Policy = (all) =>
  Object.entries(measured.peak_mebibytes).flatMap(([name, peak]) => {
    const container = workloads(all)
      .flatMap(({ pod }) => pod.containers)
      .find((one) => one.name === name);
    // An operator's broker is sized for many more messages than were there when this was measured.
    if (!container && ofKind(all, 'RabbitmqCluster').some(({ metadata }) => metadata.name === name)) {
      return [];
    }
    if (!container) {
      return [`${name}: was measured, and no container has this name`];
    }
    const request = mebibytes(container.resources?.requests?.memory ?? '0Mi');
    const limit = mebibytes(container.resources?.limits?.memory ?? '0Mi');
    const heap = /--max-old-space-size=(\d+)/.exec(environment(all, container).NODE_OPTIONS ?? '')?.[1];
    return [
      request < peak && `${name}: asks for ${request} MiB, and used ${peak}`,
      request > 2 * peak && `${name}: asks for ${request} MiB, and used ${peak} only`,
      limit < 1.5 * peak && `${name}: may use ${limit} MiB, and used ${peak}`,
      heap && Number(heap) > 0.7 * limit && `${name}: V8 may take ${heap} MiB of ${limit}`,
    ].filter((fault) => typeof fault === 'string');
  });

/** At least two, so that one may go, and at most six or more, so that there is something to scale to. */
export const scaled: Policy = (all) =>
  serviceNames.flatMap((service) => {
    const hpa = ofKind<{ scaleTargetRef: { name: string }; minReplicas: number }>(
      all,
      'HorizontalPodAutoscaler',
    );
    const keda = ofKind<{ scaleTargetRef: { name: string }; minReplicaCount: number }>(all, 'ScaledObject');
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
      ...((least[0] ?? 0) >= 2 ? [] : [`${service}: may be one alone`]),
      ...(maxReplicas(all, service) >= 6 ? [] : [`${service}: cannot be six`]),
    ];
  });

/** MiB that all pods ask for together, the gateway's and those of what operators start included. */
export function requestedMemory(all: readonly Manifest[]): number {
  const pods = workloads(all).filter(({ serves }) => serves);
  const own = pods.flatMap(({ replicas, pod }) =>
    pod.containers.map(({ resources }) => replicas * mebibytes(resources?.requests?.memory ?? '0Mi')),
  );
  return own.reduce((sum, each) => sum + each, proxiesRequest(all));
}
