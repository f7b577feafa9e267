import { createHash, type Hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../../shared/root';
import { serviceNames } from '../../../../shared/services';
import { folderOf, modules } from '../programs/modules';

/** Digests of what images are made of: an archive is made again only when its digest has changed. */

const GENERATED = ['node_modules', 'client'];

/** Of all that goes into the images of the project. Its tests and documents do not. */
export function digestOfSources(): string {
  const folders = [...serviceNames, 'shared', 'tools'];
  const files = ['Dockerfile', '.dockerignore', 'package.json', 'package-lock.json', 'tsconfig.json'];
  return digest([...folders, ...files], []);
}

/** Of all that goes into the other images. */
export function digestOfOthers(images: readonly string[]): string {
  return digest(['test/images/stand-ins'], [...images, ...modules.map(folderOf)]);
}

function digest(paths: readonly string[], names: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify([process.version, ...names]));
  for (const path of paths) {
    add(hash, path);
  }
  return hash.digest('hex');
}

function add(hash: Hash, path: string): void {
  const file = join(root, path);
  if (!existsSync(file)) {
    return;
  }
  if (statSync(file).isDirectory()) {
    for (const name of readdirSync(file)
      .filter((name) => !GENERATED.includes(name))
      .sort()) {
      add(hash, join(path, name));
    }
  } else {
    hash.update(`${path}\n`).update(readFileSync(file));
  }
}
