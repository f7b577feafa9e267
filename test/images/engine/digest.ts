import { createHash, type Hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/** What is generated, which .dockerignore keeps out of the images. */
const GENERATED = ['.git', '.chandlery', 'node_modules', 'dist', 'coverage'];
/** Prisma writes it, and web has a folder of the same name that nobody generates. */
const isGenerated = (path: string) => GENERATED.includes(basename(path)) || path.endsWith('prisma/client');

/**
 * Returns a digest of what an image is made of.
 * @param paths files, and folders with all in them, below the folder
 * @param texts whatever else it is made of, in their order
 */
export function digestOf(folder: string, paths: readonly string[], texts: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify([process.version, ...texts]));
  for (const path of paths.filter((path) => !isGenerated(path)).sort()) {
    add(hash, folder, path);
  }
  return hash.digest('hex');
}

function add(hash: Hash, folder: string, path: string): void {
  const file = join(folder, path);
  if (!existsSync(file)) {
    return;
  }
  if (statSync(file).isDirectory()) {
    const inside = readdirSync(file).map((name) => join(path, name));
    for (const each of inside.filter((name) => !isGenerated(name)).sort()) {
      add(hash, folder, each);
    }
  } else if (statSync(file).isFile()) {
    hash.update(`${path}\n`).update(readFileSync(file));
  }
}
