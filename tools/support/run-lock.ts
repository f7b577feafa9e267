import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startOf } from './process';

/**
 * Locks a data folder, so that no other run can use it. Returns a function that releases the lock.
 * @throws Error that names the process that has the lock
 */
export function takeLock(home: string): () => void {
  const file = fileIn(home);
  const own = `${file}.${process.pid}`;
  mkdirSync(home, { recursive: true });
  try {
    writeFileSync(own, JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) }));
    const holder = take(file, own);
    if (holder !== undefined) {
      throw new Error(
        `Chandlery is already running from this folder (process ${holder}). ` +
          `Stop it with Ctrl-C in its terminal, or with "kill ${holder}".`,
      );
    }
  } finally {
    rmSync(own, { force: true });
  }
  return () => {
    if (lockHolder(home) === process.pid) {
      rmSync(file, { force: true });
    }
  };
}

/**
 * Makes a file a link to our own, unless a process that runs has done that: returns the id of that process. The file has
 * its content from the first moment on, so nobody takes it for one that a killed process has left.
 */
function take(file: string, own: string): number | undefined {
  try {
    linkSync(own, file);
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error;
    }
  }
  const left = read(file);
  if (left === undefined) {
    return take(file, own);
  }
  const holder = holderIn(left);
  if (holder !== undefined) {
    return holder;
  }
  // Several processes may have read that the holder was killed. Only who has the place next to it may take over.
  const next = `${file}.next`;
  const other = take(next, own);
  if (other !== undefined) {
    return other;
  }
  if (read(file) === left) {
    renameSync(next, file);
    return undefined;
  }
  rmSync(next);
  return take(file, own);
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
    return holderIn(readFileSync(fileIn(home), 'utf8'));
  } catch {
    return undefined;
  }
}

function holderIn(text: string): number | undefined {
  try {
    const { pid, startedAt } = JSON.parse(text);
    return startOf(pid) === startedAt ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Returns undefined when the file has just been removed. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw error;
    }
    return undefined;
  }
}

function fileIn(home: string): string {
  return join(home, 'start.lock');
}
