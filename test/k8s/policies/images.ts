import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../shared/root';
import { type Manifest, nameOf, ofKind, workloads } from '../manifests';
import type { Policy } from './pods';

/** Every version label is the package's version, and so is the tag of every image of ours. */
export const versionsAgree: Policy = (manifests) => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const label = 'app.kubernetes.io/version';
  const pods = workloads(manifests).flatMap(({ name, labels, pod }) =>
    pod.containers
      .filter(({ image }) => /(^|\/)chandlery\//.test(image))
      .filter(({ image }) => !image.endsWith(`:${version}`) || labels[label] !== version)
      .map(({ image }) => `${name}: runs ${image}, is labelled ${labels[label]}, and should be ${version}`),
  );
  const objects = manifests
    .filter(({ metadata }) => (metadata.labels?.[label] ?? version) !== version)
    .map(
      (manifest) =>
        `${nameOf(manifest)}: is labelled ${manifest.metadata.labels?.[label]}, and should be ${version}`,
    );
  return [...pods, ...objects];
};

/** Returns every image and the object that runs it, in pods and in the resources that operators make pods from. */
export const imagesOf = (manifests: readonly Manifest[]): { by: string; image: string }[] => [
  ...workloads(manifests).flatMap(({ name, pod }) =>
    pod.containers.map(({ image }) => ({ by: name, image })),
  ),
  ...ofKind<{ imageName: string }>(manifests, 'Cluster').map((cluster) => ({
    by: nameOf(cluster),
    image: cluster.spec.imageName,
  })),
  ...ofKind<{ image: string }>(manifests, 'RabbitmqCluster').map((broker) => ({
    by: nameOf(broker),
    image: broker.spec.image,
  })),
];

/** Third-party images name their full version, so that they are the same tomorrow and on every instance. */
export const imagesPinned: Policy = (manifests) =>
  imagesOf(manifests)
    .filter(({ image }) => {
      const [, tag = ''] = /:([^:/]+)$/.exec(image) ?? [];
      // PostgreSQL's versions have two numbers, all others have three.
      return !(/postgres(ql)?:/.test(image) ? /^\d+\.\d+\b/ : /^v?\d+\.\d+\.\d+\b/).test(tag);
    })
    .map(({ by, image }) => `${by}: does not pin the version of ${image}`);
