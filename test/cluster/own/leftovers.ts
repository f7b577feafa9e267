import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { stopLeftovers } from '../../../tools/support/process';
import { removeGroups, restoreControllers } from './cgroups';
import { cgroup, engineCgroup, folders, home } from './places';

/**
 * Removes what a cluster leaves outside of its namespaces, after it has waited until its last process has ended.
 * @param keepLogs whether somebody may want to know why it failed
 */
export async function removeFiles(keepLogs = false): Promise<void> {
  await removeGroups(cgroup);
  await removeGroups(engineCgroup);
  restoreControllers();
  const others = ['network.json', 'kubectl', 'helm'].map((name) => join(home, name));
  for (const path of [...Object.values(folders), ...others]) {
    if (path !== folders.logs || !keepLogs) {
      rmSync(path, { recursive: true, force: true, maxRetries: 3 });
    }
  }
}

/** Ends what a killed run has left behind. Returns the names of programs that were still running. */
export async function endLeftovers(): Promise<string[]> {
  const stopped = await stopLeftovers(folders.running);
  await removeFiles();
  return stopped;
}
