// Two npm scripts that start together must not install into the same folder at the same time: the second waits here.
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** After this long, the process with the lock must hang, or its id now belongs to another process. */
const ABANDONED_AFTER_MS = 10 * 60_000;

export async function withLock(path, work) {
  mkdirSync(dirname(path), { recursive: true });
  while (!take(path)) {
    if (isAbandoned(path)) {
      rmSync(path, { force: true });
    } else {
      await sleep(100);
    }
  }
  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

// The lock file appears with the process id already in it, because linking is atomic and writing is not.
function take(path) {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') {
      throw error;
    }
    return false;
  } finally {
    rmSync(own);
  }
}

function isAbandoned(path) {
  try {
    if (Date.now() - statSync(path).mtimeMs > ABANDONED_AFTER_MS) {
      return true;
    }
    process.kill(Number(readFileSync(path, 'utf8')), 0);
    return false;
  } catch (error) {
    // ENOENT: it was just released. EPERM: its process is running, but belongs to another user.
    return error.code === 'ESRCH';
  }
}
