import { setTimeout as sleep } from 'node:timers/promises';
import { cacheFolder } from '../../../tools/support/debian-packages';
import { lockHolder, takeLock } from '../../../tools/support/run-lock';
import { dockerPrograms } from '../../images/engine/engine';
import { buildArchives, SourcesChanged, takeArchives } from './images/archives';
import { areBuilt, type Building, buildPrograms } from './programs/build';
import { systemPrograms } from './system-programs';

/**
 * Builds what the cache lacks of what a cluster needs, and gives this clone's cluster its images.
 * @param from an earlier release whose images are wanted, too
 */
export async function buildAll(building: Building, from?: string): Promise<void> {
  if (areBuilt() && (await takeArchives(from))) {
    return;
  }
  const release = await lockOnceFree(cacheFolder(), building);
  try {
    // What can fail soon, before half an hour of building.
    await systemPrograms(building.say);
    await dockerPrograms(building.say);
    await buildPrograms(building);
    await buildArchives(building, from);
    if (!(await takeArchives(from))) {
      throw new SourcesChanged();
    }
  } finally {
    release();
  }
}

/** Locks the cache, after it has waited for another clone that builds. */
export async function lockOnceFree(folder: string, { say, signal }: Building): Promise<() => void> {
  for (let told: number | undefined; ; await sleep(500)) {
    signal.throwIfAborted();
    const holder = lockHolder(folder);
    if (holder === undefined) {
      try {
        return takeLock(folder);
      } catch (error) {
        // Another process may have been faster.
        if (lockHolder(folder) === undefined) {
          throw error;
        }
      }
    } else if (holder !== told) {
      say(`Another clone builds into ${folder} (process ${holder}). Waiting for it …`);
      told = holder;
    }
  }
}
