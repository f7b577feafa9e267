import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startOf } from './process';

/**
 * Locks a data folder, so that no other run can use it. Returns a function that releases the lock.
 * @throws Error that names the process that has the lock
 */
export function takeLock(home: string): () => void {
  const file = fileIn(home);
  mkdirSync(home, { recursive: true });
  const holder = lockHolder(home);
  if (holder !== undefined) {
    throw new Error(
      `Chandlery is already running from this folder (process ${holder}). ` +
        `Stop it with Ctrl-C in its terminal, or with "kill ${holder}".`,
    );
  }
  rmSync(file, { force: true });
  const own = { pid: process.pid, startedAt: startOf(process.pid) };
  writeFileSync(file, JSON.stringify(own), { flag: 'wx' });
  return () => rmSync(file, { force: true });
}

export function isLocked(home: string): boolean {
  return lockHolder(home) !== undefined;
}

/**
 * Returns the process that has the lock; undefined when there is none, or when it was killed before it released the
 * lock.
 */
export function lockHolder(home: string): number | undefined {
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
