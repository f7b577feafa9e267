import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from '../../shared/root';
import { type Manifest, mebibytes, type Overlay } from './manifests';

/** A line of helm-config/charts.txt, and the values of its release. */
export interface Chart {
  release: string;
  repository: string;
  chart: string;
  version: string;
  namespace: string;
  overlays: string[];
  values: unknown;
}

const folder = join(root, 'helm-config');
const valuesFile = (release: string) => join(folder, `${release}.yaml`);

export const charts: readonly Chart[] = readFileSync(join(folder, 'charts.txt'), 'utf8')
  .split('\n')
  .filter((line) => line.trim() !== '' && !line.startsWith('#'))
  .map((line) => {
    const [release = '', repository = '', chart = '', version = '', namespace = '', overlays] =
      line.split(/ +/);
    const values = existsSync(valuesFile(release))
      ? parse(readFileSync(valuesFile(release), 'utf8'))
      : undefined;
    return { release, repository, chart, version, namespace, overlays: overlays?.split(',') ?? [], values };
  });

export const chartsOf = (overlay: Overlay) =>
  charts.filter(({ overlays }) => overlays.length === 0 || overlays.includes(overlay));

/** The release that brings the kinds of an API group. */
const releaseOfGroup: Record<string, string> = {
  'gateway.networking.k8s.io': 'envoy-gateway',
  'gateway.envoyproxy.io': 'envoy-gateway',
  'monitoring.coreos.com': 'kube-prometheus-stack',
  'cert-manager.io': 'cert-manager',
  'postgresql.cnpg.io': 'cloudnative-pg',
  'barmancloud.cnpg.io': 'barman-cloud',
  'rabbitmq.com': 'rabbitmq-operator',
  'keda.sh': 'keda',
};
const builtIn = ['', 'apps', 'autoscaling', 'batch', 'networking.k8s.io', 'policy'];

/** Returns the release that brings a manifest's kind, or its group if no release does; undefined for built-in kinds. */
export function releaseOf({ apiVersion }: Manifest): string | undefined {
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  return builtIn.includes(group) ? undefined : (releaseOfGroup[group] ?? group);
}

/** Returns the values files that belong to no chart. */
export const strayValues = () =>
  readdirSync(folder).filter(
    (file) => file.endsWith('.yaml') && !charts.some(({ release }) => `${release}.yaml` === file),
  );

/** Returns the MiB that a chart's values request, with one pod of each kind. */
export function requestedBy({ values }: Chart): number {
  let sum = 0;
  const walk = (node: unknown) => {
    if (typeof node !== 'object' || node === null) {
      return;
    }
    const { requests } = node as { requests?: { memory?: string } };
    if (requests?.memory) {
      sum += mebibytes(requests.memory);
    }
    Object.values(node).forEach(walk);
  };
  walk(values);
  return sum;
}
