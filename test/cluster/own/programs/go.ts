import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installedGo } from '../../../support/kustomize';

const run = promisify(execFile);

/** Runs Go, and returns what it prints. @throws Error with the end of its output, when it fails */
export type Go = (...args: string[]) => Promise<string>;

/** Returns a function that runs Go in a folder, with low priority, and returns what it prints. */
export function goIn(work: string, caches: string, signal: AbortSignal): Go {
  const temporary = join(work, 'temporary');
  mkdirSync(temporary);
  const env = {
    // Whoever sets these keeps what is in them.
    GOCACHE: join(caches, 'compiled'),
    GOMODCACHE: join(caches, 'modules'),
    ...process.env,
    GOTMPDIR: temporary,
    GOFLAGS: '-buildvcs=false -modcacherw',
    CGO_ENABLED: '0',
  };
  return async (...args) => {
    try {
      const limits = { cwd: work, env, signal, maxBuffer: 64 * 1024 * 1024 };
      const { stdout } = await run('nice', ['-n', '10', installedGo() ?? 'go', ...args], limits);
      return stdout;
    } catch (error) {
      signal.throwIfAborted();
      const output = (error as { stderr?: string }).stderr ?? (error as Error).message;
      throw new Error(
        `"go ${args.join(' ')}" failed:\n${output.trimEnd().split('\n').slice(-20).join('\n')}`,
      );
    }
  };
}
