import { lstatSync, mkdtempSync, readlinkSync, rmdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopLeftovers } from '../../../tools/support/process';
import { takeLock } from '../../../tools/support/run-lock';
import { removeTraces } from '../../images/engine/traces';
import { removeGroups, restoreControllers } from './cgroups';
import { cgroup, engineCgroup, engineTraces, folders, home } from './places';

/** A link to the folder for the temporary files of a build. */
const temporary = join(home, 'temporary');

/** Makes that folder. It is not below ours, because the paths of sockets must be short. */
export function makeTemporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chandlery-cluster-'));
  symlinkSync(folder, temporary);
  return folder;
}

/**
 * Ends whatever of a cluster or a build still runs, and removes what they have left.
 * @param keepLogs whether somebody may want to know why it failed
 * @returns the names of programs that were still running
 */
export async function endLeftovers(keepLogs = false): Promise<string[]> {
  const stopped = await stopLeftovers(folders.running);
  await removeGroups(cgroup);
  await removeGroups(engineCgroup);
  restoreControllers();
  removeTraces(engineTraces);
  const paths = ['network.json', 'kubectl', 'helm'].map((name) => join(home, name));
  if (lstatSync(temporary, { throwIfNoEntry: false }) !== undefined) {
    paths.push(readlinkSync(temporary), temporary);
  }
  for (const path of [...Object.values(folders), ...paths]) {
    if (path !== folders.logs || !keepLogs) {
      rmSync(path, { recursive: true, force: true, maxRetries: 3 });
    }
  }
  return stopped;
}

/** Locks this clone's cluster. Returns a function that releases the lock, and removes our folder if nothing is in it. */
export function lockCluster(): () => void {
  const release = takeLock(home);
  return () => {
    // Only now: as soon as it is released, the folder may be that of another start.
    release();
    try {
      rmdirSync(home);
    } catch {
      // It has logs, or belongs to another start already.
    }
  };
}

/** Ends what a killed run has left behind, as `endLeftovers` does. @throws Error when a cluster of this clone runs */
export async function cleanUp(keepLogs: boolean): Promise<string[]> {
  const release = lockCluster();
  try {
    return await endLeftovers(keepLogs);
  } finally {
    release();
  }
}
