import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../../../shared/root';
import { cacheFolder } from '../../../../tools/support/debian-packages';
import { takeLock } from '../../../../tools/support/run-lock';
import { type Engine, openEngine } from '../../../images/engine/engine';
import { findRelease, type Release, unpackRelease } from '../../upgrade/releases';
import { rememberControllers, removeGroups } from '../cgroups';
import { engineCgroup, folders } from '../places';
import { envoyImage } from '../programs/chart';
import { fileOf } from '../programs/modules';
import { buildOthers, buildOurs, inFolder } from './build';
import { imagesIn, targetOf, withoutDigest } from './names';
import { digestOfOthers, digestOfSources } from './sources';

/** The images, in archives that every node imports. They stay in the user's cache, with what the engine has. */

const home = join(cacheFolder(), `cluster-images-${process.arch}`);
const archive = (name: string) => join(home, `${name}.tar`);
/** @param from an earlier release whose images the nodes have as well */
export const archives = (from?: string) => ['others', 'ours', ...(from ? [earlier(from)] : [])].map(archive);
const earlier = (version: string) => `ours-${version}`;

interface Wanted {
  readonly name: string;
  readonly digest: string;
  /** Returns the names of the images. */
  build(): Promise<string[]>;
}
type Say = (text: string) => void;

/**
 * Builds the archives whose contents have changed.
 * @param from an earlier release whose images are wanted, too
 * @throws Error when an image cannot be had
 */
export async function buildArchives(say: Say, from?: string): Promise<void> {
  const all = imagesIn(await overlay());
  const ours = all.filter((image) => targetOf(image) !== undefined);
  const others = [...all.filter((image) => targetOf(image) === undefined), withoutDigest(envoyImage())];
  const wanted: Wanted[] = [
    { name: 'others', digest: digestOfOthers(others), build: () => buildOthers(others, say) },
    { name: 'ours', digest: `${digestOfSources()} ${ours}`, build: () => buildOurs(ours, say) },
    ...(from === undefined ? [] : [imagesOf(findRelease(from), say)]),
  ];
  const stale = wanted.filter(({ name, digest }) => !isCurrent(name, digest));
  if (stale.length === 0) {
    return;
  }
  mkdirSync(home, { recursive: true });
  const release = takeLock(home);
  const engine = await open(say);
  try {
    // Every command of the builds inherits this environment.
    Object.assign(process.env, engine.env, { CHANDLERY_OWN_ENGINE: engine.own ? 'yes' : '' });
    for (const archived of stale) {
      await save(archived, say);
    }
  } finally {
    await engine.stop();
    await removeGroups(engineCgroup);
    release();
  }
}

/** The images of an earlier release. Its commit says all that they are made of. */
function imagesOf(release: Release, say: Say): Wanted {
  const build = () =>
    inFolder(async (sources) => {
      await unpackRelease(release, sources);
      const images = imagesIn(await overlay(sources)).filter((image) => targetOf(image) !== undefined);
      say(`Release ${release.version}:`);
      return buildOurs(images, say, sources);
    });
  return { name: earlier(release.version), digest: release.commit, build };
}

async function overlay(sources = root): Promise<string> {
  const folder = join(sources, 'k8s/overlays/laptop');
  const { stdout } = await promisify(execFile)(fileOf('kubectl'), ['kustomize', folder]);
  return stdout;
}

function isCurrent(name: string, digest: string): boolean {
  const stamp = join(home, `${name}.stamp`);
  return existsSync(archive(name)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest;
}

async function open(say: Say): Promise<Engine> {
  rememberControllers();
  const engine = await openEngine(say, {
    dataRoot: join(home, 'engine'),
    recordsDir: folders.running,
    isolated: true,
    cgroup: `/${engineCgroup}`,
  });
  if (typeof engine === 'string') {
    throw new Error(`No image can be built, because ${engine}`);
  }
  return engine;
}

async function save({ name, digest, build }: Wanted, say: Say): Promise<void> {
  const began = Date.now();
  const images = await build();
  const unfinished = `${archive(name)}.unfinished`;
  await promisify(execFile)('docker', ['save', '--output', unfinished, ...images]);
  renameSync(unfinished, archive(name));
  writeFileSync(join(home, `${name}.stamp`), digest);
  say(`  ${images.length} images: ${Math.round((Date.now() - began) / 1_000)} s`);
}
