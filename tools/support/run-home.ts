import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLocked, takeLock } from './lock';
import { stopLeftovers } from './process';

/** One that has only just been made is about to be locked. */
const NEW_FOR_MS = 60_000;
/** The exit status of a run that could not tell. */
const INTERRUPTED = 2;

/**
 * A folder for everything of one run; it is removed when the run is interrupted. What a run that was killed left
 * running is stopped first, and its folder stays.
 * @param prefix of the folders of this kind of run
 */
export async function makeHome(
  prefix: string,
  parent: string = tmpdir(),
): Promise<{ path: string; remove(): void }> {
  mkdirSync(parent, { recursive: true });
  const all = readdirSync(parent).filter((name) => name.startsWith(prefix));
  for (const home of all.map((name) => join(parent, name))) {
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
      // Whatever was started is killed as this process ends, and only then nothing writes into the folder any more.
      process.once('exit', remove);
      process.exit(INTERRUPTED);
    });
  }
  return { path, remove };
}
