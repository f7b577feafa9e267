import { existsSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What Docker and its containerd leave in the machine's folders, whatever folders they are given. */
const FOLDERS = ['/etc/docker', '/opt/containerd', '/run/containerd', '/run/docker'];
/** Docker's identity, which versions before 23 create. */
const KEY = '/etc/docker/key.json';

/** Records which of these folders do not exist. Call it before an engine is started. */
export function rememberFolders(record: string): void {
  const absent = FOLDERS.filter((folder) => !existsSync(folder));
  // Whole or not at all.
  writeFileSync(`${record}.new`, JSON.stringify(absent));
  renameSync(`${record}.new`, record);
}

/** Removes the folders that did not exist before, if they contain nothing else now, and the record. */
export function removeTraces(record: string): void {
  if (!existsSync(record)) {
    return;
  }
  const absent = JSON.parse(readFileSync(record, 'utf8')) as string[];
  if (absent.some((folder) => KEY.startsWith(folder))) {
    rmSync(KEY, { force: true });
  }
  absent.forEach(removeEmpty);
  rmSync(record);
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
