import { createHash } from 'node:crypto';
import {
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../../../tools/support/debian-packages';
import { folders } from '../places';

/**
 * Archives of images in the user's cache, for all clones. Their names say what they are made of. A cluster gets links to
 * its own, because another clone may remove them from the cache.
 */

export interface Archive {
  readonly name: string;
  /** Of all that is in it. */
  readonly digest: string;
}

const home = join(cacheFolder(), `cluster-images-${process.arch}`);
/** What the engine has, so that it need not build it again. */
export const engineFolder = join(home, 'engine');
/** How many archives of a name stay: clones that take turns need not build again. */
const KEPT = 2;
/** The files of an archive: the names of the stand-ins in it, and the images. */
const PARTS = ['stand-ins', 'tar'] as const;

function fileOf({ name, digest }: Archive, part: (typeof PARTS)[number]): string {
  const short = createHash('sha256').update(digest).digest('hex').slice(0, 8);
  return join(home, `${name}-${short}.${part}`);
}

export function isCached(archive: Archive): boolean {
  return existsSync(fileOf(archive, 'tar'));
}

/** @returns false when the cache lacks one of the archives */
export function takeFromCache(archives: readonly Archive[], into: string): boolean {
  if (!archives.every(isCached)) {
    return false;
  }
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  for (const archive of archives) {
    for (const part of PARTS) {
      linkOrCopy(fileOf(archive, part), join(into, `${archive.name}.${part}`));
    }
  }
  return true;
}

function linkOrCopy(from: string, to: string): void {
  const now = new Date();
  utimesSync(from, now, now);
  try {
    linkSync(from, to);
  } catch {
    // They are on different file systems.
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
  }
}

/** @param save writes the images into a file */
export async function putIntoCache(
  archive: Archive,
  standIns: readonly string[],
  save: (file: string) => Promise<void>,
): Promise<void> {
  mkdirSync(home, { recursive: true });
  // Only one process at a time builds, so whoever wrote these was killed.
  for (const name of readdirSync(home).filter((name) => name.endsWith('.unfinished'))) {
    rmSync(join(home, name));
  }
  const unfinished = `${fileOf(archive, 'tar')}.unfinished`;
  await save(unfinished);
  writeFileSync(fileOf(archive, 'stand-ins'), standIns.join('\n'));
  renameSync(unfinished, fileOf(archive, 'tar'));
  removeOlder(archive.name);
}

/** Keeps the archives of this name that were used last. */
function removeOlder(name: string): void {
  const usedAt = (file: string) => statSync(join(home, file)).mtimeMs;
  const isOne = new RegExp(`^${name}-[0-9a-f]{8}\\.tar$`);
  const all = readdirSync(home).filter((file) => isOne.test(file));
  for (const file of all.sort((a, b) => usedAt(b) - usedAt(a)).slice(KEPT)) {
    for (const part of PARTS) {
      rmSync(join(home, file.replace(/tar$/, part)), { force: true });
    }
  }
}

/** Returns the images of this clone's cluster that were built here in place of those of third parties. */
export function standIns(taken = folders.images): string[] {
  const files = readdirSync(taken).filter((name) => name.endsWith('.stand-ins'));
  const names = files.flatMap((name) => readFileSync(join(taken, name), 'utf8').split('\n'));
  return [...new Set(names.filter(Boolean))].sort();
}
