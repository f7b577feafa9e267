import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopLeftovers } from './process';
import { isLocked, takeLock } from './run-lock';

/** A folder that is newer than this may belong to a run that has not locked it yet. */
const NEW_FOR_MS = 60_000;
/** The exit status of a run that ended without a result. */
const INTERRUPTED = 2;

/**
 * Creates a folder for all files of one run. It is removed when the run is interrupted. First stops the programs that
 * killed runs have left behind; the folders of these runs stay.
 * @param prefix what the folder names of this kind of run start with
 */
export async function makeHome(
  prefix: string,
  parent: string = tmpdir(),
): Promise<{ path: string; remove(): void }> {
  mkdirSync(parent, { recursive: true });
  const names = readdirSync(parent).filter((name) => name.startsWith(prefix));
  for (const home of names.map((name) => join(parent, name))) {
    if (Date.now() - statSync(home).mtimeMs < NEW_FOR_MS || isLocked(home)) {
      continue;
    }
    await stopLeftovers(join(home, 'running'));
  }
  const path = mkdtempSync(join(parent, prefix));
  // PostgreSQL may have to run as another user, who must be able to reach its data.
  chmodSync(path, 0o755);
  takeLock(path);
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      // Started programs are killed when this process exits. Only after that does nothing write to the folder any more.
      process.once('exit', remove);
      process.exit(INTERRUPTED);
    });
  }
  return { path, remove };
}
