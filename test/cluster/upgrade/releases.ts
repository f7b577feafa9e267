import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../../shared/root';

/** Earlier releases, as the CHANGELOG lists them: their sources come from git's history. */
export interface Release {
  readonly version: string;
  /** At least twelve digits of the commit that was released. */
  readonly commit: string;
}

const run = promisify(execFile);

/** Returns every release with its commit, the newest first. The version that is being worked on is none of them. */
export function releasesIn(changelog: string): Release[] {
  const headings = changelog.matchAll(/^## (\d+\.\d+\.\d+) \(\d{4}-\d\d-\d\d, commit ([0-9a-f]{12,40})\)$/gm);
  return [...headings].map(([, version = '', commit = '']) => ({ version, commit }));
}

/** @throws Error when there is no such release */
export function findRelease(
  version: string,
  changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8'),
): Release {
  const releases = releasesIn(changelog);
  const found = releases.find((release) => release.version === version);
  if (found === undefined) {
    const known = releases.map((release) => release.version).join(', ');
    throw new Error(`There is no release "${version}". CHANGELOG.md lists: ${known}.`);
  }
  return found;
}

/** Writes the sources of a release into a folder. @throws Error when this clone does not have its commit */
export async function unpackRelease({ version, commit }: Release, folder: string): Promise<void> {
  await run('git', ['-C', root, 'rev-parse', '--verify', '--quiet', `${commit}^{commit}`]).catch(() => {
    throw new Error(
      `This clone does not have ${commit}, the commit of ${version}: fetch the whole history (git fetch --unshallow).`,
    );
  });
  mkdirSync(folder, { recursive: true });
  const archive = join(folder, 'sources.tar');
  await run('git', ['-C', root, 'archive', '--output', archive, commit]);
  await run('tar', ['--extract', '--file', archive, '--directory', folder]);
  rmSync(archive);
}
