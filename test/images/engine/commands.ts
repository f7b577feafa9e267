import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { root } from '../../../shared/root';
import { which } from '../../../tools/support/debian-packages';

const limits = { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024, cwd: root } as const;

/** Runs a program to its end. @throws with the end of what it said, when it fails */
export function run(
  program: string,
  args: string[],
  options: { input?: string; env?: NodeJS.ProcessEnv } = {},
): string {
  const result = spawnSync(program, args, { ...limits, ...options, env: { ...process.env, ...options.env } });
  if (result.status === 0) {
    return result.stdout;
  }
  const said = `${result.stdout}${result.stderr}${result.error?.message ?? ''}`;
  throw failure(program, args, said.split('\n'));
}

/** Tells of a program that failed, with the last lines of what it said. */
function failure(program: string, args: string[], said: string[]): Error {
  return new Error(`"${program} ${args.join(' ')}" failed:\n${said.slice(-60).join('\n')}`);
}

export const docker = Object.assign((...args: string[]) => run('docker', args), {
  succeeds: (...args: string[]) => spawnSync('docker', args, limits).status === 0,
});

/** A build step, a test file that has ended, and the count of all tests: what shows how far a build is. */
const progress = /^(Step \d|#\d+ \[|PASS |FAIL |\d+ passed, \d+ failed$)/;

/**
 * Builds an image, which takes minutes when the tests run in it, and prints its progress meanwhile.
 * @throws with the end of what the build said, when it fails
 */
export async function buildImage(target: string, tag: string, context: string): Promise<void> {
  const args = ['build', '--target', target, '--tag', tag, context];
  const said: string[] = [];
  const build = spawn('sh', ['-c', 'exec docker "$@" 2>&1', 'sh', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface(build.stdout).on('line', (line) => {
    said.push(line);
    // BuildKit numbers the lines of a step and adds the time. The builder before it colours what goes to stderr.
    const bare = stripVTControlCharacters(line).replace(/^#\d+ \d+\.\d+ /, '');
    if (progress.test(bare)) {
      process.stdout.write(`${bare}\n`);
    }
  });
  const [status] = await once(build, 'close');
  if (status !== 0) {
    throw failure('docker', args, said);
  }
}

/** Docker's own `compose`, or the older program of that name, which does not know yet that a file may name its project. */
export function compose(project: string, env: Record<string, string>, ...args: string[]): string {
  if (docker.succeeds('compose', 'version')) {
    return run('docker', ['compose', '--project-name', project, ...args], { env });
  }
  const program = which('docker-compose');
  if (program === undefined) {
    throw new Error('There is no "docker compose" on this machine: install its plugin.');
  }
  const input = readFileSync(join(root, 'compose.yaml'), 'utf8').replace(/^name:.*\n/m, '');
  const options = ['--project-name', project, '--project-directory', root, '--file', '-'];
  return run(program, [...options, ...args], { env, input });
}
