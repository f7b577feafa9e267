import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../shared/root';
import { type Manifest, nameOf, ofKind, workloads } from '../manifests';
import type { Policy } from './pods';

/** One version of everything, and it is the package's; of ours also in what the pods run and say. */
export const versionsAgree: Policy = (all) => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const label = 'app.kubernetes.io/version';
  const pods = workloads(all).flatMap(({ name, labels, pod }) =>
    pod.containers
      .filter(({ image }) => /(^|\/)chandlery\//.test(image))
      .filter(({ image }) => !image.endsWith(`:${version}`) || labels[label] !== version)
      .map(({ image }) => `${name}: runs ${image}, says ${labels[label]}, and is ${version}`),
  );
  const objects = all
    .filter(({ metadata }) => (metadata.labels?.[label] ?? version) !== version)
    .map((one) => `${nameOf(one)}: says ${one.metadata.labels?.[label]}, and is ${version}`);
  return [...pods, ...objects];
};

/** Who runs which image: in pods, and in what operators make pods of. */
export const imagesOf = (all: readonly Manifest[]): { by: string; image: string }[] => [
  ...workloads(all).flatMap(({ name, pod }) => pod.containers.map(({ image }) => ({ by: name, image }))),
  ...ofKind<{ imageName: string }>(all, 'Cluster').map((one) => ({
    by: nameOf(one),
    image: one.spec.imageName,
  })),
  ...ofKind<{ image: string }>(all, 'RabbitmqCluster').map((one) => ({
    by: nameOf(one),
    image: one.spec.image,
  })),
];

/** What others publish is given to the last digit, so that it is the same tomorrow, and on every instance. */
export const imagesPinned: Policy = (all) =>
  imagesOf(all)
    .filter(({ image }) => {
      const [, tag = ''] = /:([^:/]+)$/.exec(image) ?? [];
      // PostgreSQL counts with two numbers, all others with three.
      return !(/postgres(ql)?:/.test(image) ? /^\d+\.\d+\b/ : /^v?\d+\.\d+\.\d+\b/).test(tag);
    })
    .map(({ by, image }) => `${by}: runs any version of ${image}`);
