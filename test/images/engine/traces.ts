import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** What Docker and its containerd leave in the machine's folders, whatever folders they are given. */
const FOLDERS = ['/etc/docker', '/opt/containerd', '/run/containerd', '/run/docker'];
/** Docker's identity, which versions before 23 create. */
const KEY = '/etc/docker/key.json';

/**
 * Call it before an engine is started. Returns a function that removes those folders that did not exist before, if they
 * contain nothing else now.
 */
export function rememberFolders(): () => void {
  const absent = FOLDERS.filter((folder) => !existsSync(folder));
  return () => {
    if (absent.some((folder) => KEY.startsWith(folder))) {
      rmSync(KEY, { force: true });
    }
    absent.forEach(removeEmpty);
  };
}

function removeEmpty(folder: string): void {
  try {
    for (const name of readdirSync(folder)) {
      removeEmpty(join(folder, name));
    }
    rmdirSync(folder);
  } catch {
    // It does not exist, is no folder, or somebody else uses it.
  }
}
