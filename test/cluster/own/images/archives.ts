import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../../../shared/root';
import { standInsAmong, withoutDigest } from '../../../images/engine/bases';
import { type Engine, openEngine } from '../../../images/engine/engine';
import { findRelease, type Release, unpackRelease } from '../../upgrade/releases';
import { rememberControllers, removeGroups } from '../cgroups';
import { engineCgroup, engineTraces, folders } from '../places';
import type { Building } from '../programs/build';
import { envoyImage } from '../programs/chart';
import { fileOf } from '../programs/modules';
import { baseImage, buildOthers, buildOurs, buildOwn, inFolder } from './build';
import { type Archive, engineFolder, isCached, putIntoCache, takeFromCache } from './cache';
import { imagesIn, imagesOfMonitoring, targetOf } from './names';
import { digestOfOthers, digestOfPrograms, digestOfSources } from './sources';

/** The images, in archives that every node imports. */

const archive = (name: string) => join(folders.images, `${name}.tar`);
/** @param from an earlier release whose images the nodes have as well */
export const archives = (from?: string) =>
  ['others', 'ours', 'monitoring', ...(from ? [earlier(from)] : [])].map(archive);
const earlier = (version: string) => `ours-${version}`;

interface Wanted extends Archive {
  /** Returns the names of the images. */
  build(): Promise<string[]>;
}
type Say = (text: string) => void;

/** Images must not have a name that says they are made of something else. */
export class SourcesChanged extends Error {
  constructor() {
    super('The sources have changed while images were built from them. Run this again.');
  }
}

/** @param from an earlier release whose images are wanted, too */
async function wanted(say: Say, from: string | undefined): Promise<Wanted[]> {
  const all = imagesIn(await overlay());
  const ours = all.filter((image) => targetOf(image) !== undefined);
  const others = [...all.filter((image) => targetOf(image) === undefined), withoutDigest(envoyImage())];
  return [
    { name: 'others', digest: digestOfOthers(others), build: () => buildOthers(others, say) },
    { name: 'ours', digest: `${digestOfSources()} ${ours}`, build: () => buildOurs(ours, say) },
    {
      name: 'monitoring',
      digest: digestOfPrograms(imagesOfMonitoring),
      build: async () => buildOwn(imagesOfMonitoring),
    },
    ...(from === undefined ? [] : [imagesOf(findRelease(from), say)]),
  ];
}

/** Gives this clone's cluster its archives. @returns whether the cache has all of them */
export async function takeArchives(from?: string): Promise<boolean> {
  return takeFromCache(await wanted(() => {}, from), folders.images);
}

/** Builds the archives that the cache does not have. @throws Error when an image cannot be had */
export async function buildArchives({ say, signal }: Building, from?: string): Promise<void> {
  const missing = (await wanted(say, from)).filter((archive) => !isCached(archive));
  if (missing.length === 0) {
    return;
  }
  const engine = await open(say, signal);
  try {
    // Every command of the builds inherits this environment.
    Object.assign(process.env, engine.env, { CHANDLERY_OWN_ENGINE: 'yes' });
    for (const archive of missing) {
      signal.throwIfAborted();
      await save(archive, say, from);
    }
  } catch (error) {
    // Without the engine, every command fails.
    signal.throwIfAborted();
    throw error;
  } finally {
    await engine.stop();
    await removeGroups(engineCgroup);
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

/** Returns the overlay with the most images that a cluster of our own can run. Earlier releases have no staging. */
async function overlay(sources = root): Promise<string> {
  const folders = ['staging', 'laptop'].map((name) => join(sources, 'k8s/overlays', name));
  const folder = folders.find(existsSync) ?? '';
  const { stdout } = await promisify(execFile)(fileOf('kubectl'), ['kustomize', folder]);
  return stdout;
}

async function open(say: Say, signal: AbortSignal): Promise<Engine> {
  rememberControllers();
  const engine = await openEngine(say, {
    dataRoot: engineFolder,
    recordsDir: folders.running,
    traces: engineTraces,
    isolated: true,
    cgroup: `/${engineCgroup}`,
    signal,
  });
  signal.throwIfAborted();
  if (typeof engine === 'string') {
    throw new Error(`No image can be built, because ${engine}`);
  }
  return engine;
}

async function save(archive: Wanted, say: Say, from: string | undefined): Promise<void> {
  const began = Date.now();
  const images = await archive.build();
  const now = (await wanted(say, from)).find(({ name }) => name === archive.name);
  if (now?.digest !== archive.digest) {
    throw new SourcesChanged();
  }
  const standIns = standInsAmong([...images, baseImage()]);
  await putIntoCache(archive, standIns, async (file) => {
    await promisify(execFile)('docker', ['save', '--output', file, ...images]);
  });
  say(`  ${images.length} images: ${Math.round((Date.now() - began) / 1_000)} s`);
}
