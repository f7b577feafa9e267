import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from '../../shared/root';
import { mebibytes, type Overlay } from './manifests';

/** A line of helm-config/charts.txt, with the values that its release is given. */
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

/** Values that belong to no chart. */
export const strayValues = () =>
  readdirSync(folder).filter(
    (file) => file.endsWith('.yaml') && !charts.some(({ release }) => `${release}.yaml` === file),
  );

/** MiB that a chart's values ask for, one pod of each kind. */
export function requestedBy({ values }: Chart): number {
  let sum = 0;
  const walk = (node: unknown) => {
    if (typeof node !== 'object' || node === null) return;
    const { requests } = node as { requests?: { memory?: string } };
    if (requests?.memory) sum += mebibytes(requests.memory);
    Object.values(node).forEach(walk);
  };
  walk(values);
  return sum;
}
