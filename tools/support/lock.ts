import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startOf } from './process';

/**
 * Makes this process the only run on a data folder, and returns what ends that.
 * @throws Error that names the process which is it already
 */
export function takeLock(home: string): () => void {
  const file = fileIn(home);
  mkdirSync(home, { recursive: true });
  const holder = holderOf(home);
  if (holder !== undefined) {
    throw new Error(
      `Chandlery is running from this checkout already (process ${holder}). ` +
        `Stop it with Ctrl-C in its terminal, or with "kill ${holder}".`,
    );
  }
  rmSync(file, { force: true });
  const own = { pid: process.pid, startedAt: startOf(process.pid) };
  writeFileSync(file, JSON.stringify(own), { flag: 'wx' });
  return () => rmSync(file, { force: true });
}

export function isLocked(home: string): boolean {
  return holderOf(home) !== undefined;
}

/** The process that holds the lock, unless it was killed before it could let go. */
function holderOf(home: string): number | undefined {
  try {
    const { pid, startedAt } = JSON.parse(readFileSync(fileIn(home), 'utf8'));
    return startOf(pid) === startedAt ? pid : undefined;
  } catch {
    return undefined;
  }
}

function fileIn(home: string): string {
  return join(home, 'start.lock');
}
