import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { root } from '../../../shared/root';
import { which } from '../../../tools/support/debian-packages';

const limits = { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024, cwd: root } as const;

/** Runs a program to its end. @throws Error with the end of its output, when it fails */
export function run(
  program: string,
  args: string[],
  options: { input?: string; env?: NodeJS.ProcessEnv } = {},
): string {
  const result = spawnSync(program, args, { ...limits, ...options, env: { ...process.env, ...options.env } });
  if (result.status === 0) {
    return result.stdout;
  }
  const output = `${result.stdout}${result.stderr}${result.error?.message ?? ''}`;
  throw failure(program, args, output.split('\n'));
}

const FIRST_FAILURE = 60;
const ENDING = 30;

/**
 * Returns an error about a program that failed, with the last lines of its output. If tests ran, the first one that failed says
 * more than the end, so it stands in front.
 */
function failure(program: string, args: string[], output: string[]): Error {
  const lines = output.map(stripVTControlCharacters);
  const first = lines.findIndex((line) => /^\s*● /.test(line));
  const ending = Math.max(lines.length - ENDING, 0);
  const shown =
    first === -1
      ? lines.slice(-FIRST_FAILURE)
      : [...lines.slice(first, Math.min(first + FIRST_FAILURE, ending)), '…', ...lines.slice(ending)];
  return new Error(`"${program} ${args.join(' ')}" failed:\n${shown.join('\n')}`);
}

export const docker = Object.assign((...args: string[]) => run('docker', args), {
  succeeds: (...args: string[]) => spawnSync('docker', args, { ...limits, env: process.env }).status === 0,
});

/** Some commands are as long as a paragraph. */
const MAX_COLUMNS = 100;

/** The lines that show how far a build is: a command, a test file that has ended, and the count of all tests. */
const progress = /^(Step \S+ : RUN |#\d+ \[|PASS |FAIL |\d+ passed, \d+ failed$)/;

/** Returns what every build needs in an engine whose containers have no network of their own. */
export function buildFlags(): string[] {
  const network = process.env.CHANDLERY_BUILD_NETWORK;
  return network === undefined ? [] : [`--network=${network}`];
}

export interface BuildOptions {
  /** The image to build from, where it is not the one that the Dockerfile names. */
  readonly base?: string | undefined;
  /** Another one than the context's own. */
  readonly dockerfile?: string;
}

/**
 * Builds an image and prints the progress, because a build takes minutes when the tests run in it.
 * @throws Error with the end of the build's output, when it fails
 */
export async function buildImage(
  target: string,
  tag: string,
  context: string,
  { base, dockerfile = join(context, 'Dockerfile') }: BuildOptions = {},
): Promise<void> {
  const from = base === undefined ? [] : ['--build-arg', `NODE_IMAGE=${base}`];
  const named = ['--file', dockerfile, '--target', target, '--tag', tag];
  const args = ['build', ...buildFlags(), ...from, ...named, context];
  const output: string[] = [];
  const build = spawn('sh', ['-c', 'exec docker "$@" 2>&1', 'sh', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface(build.stdout).on('line', (line) => {
    output.push(line);
    // BuildKit numbers the lines of a step and adds the time. The builder before it colours what goes to stderr.
    const bare = stripVTControlCharacters(line).replace(/^#\d+ \d+\.\d+ /, '');
    if (progress.test(bare)) {
      process.stdout.write(`${bare.length > MAX_COLUMNS ? `${bare.slice(0, MAX_COLUMNS)} …` : bare}\n`);
    }
  });
  const [status] = await once(build, 'close');
  if (status !== 0) {
    throw failure('docker', args, output);
  }
}

/**
 * Runs Docker's own `compose`, or the older docker-compose, which does not accept a project name in the file.
 * @param files what is put on top of compose.yaml
 */
export function compose(
  project: string,
  env: Record<string, string>,
  files: readonly string[],
  ...args: string[]
): string {
  const further = files.flatMap((file) => ['--file', file]);
  if (docker.succeeds('compose', 'version')) {
    const options = ['--project-name', project, '--file', 'compose.yaml', ...further];
    return run('docker', ['compose', ...options, ...args], { env });
  }
  const program = which('docker-compose');
  if (program === undefined) {
    throw new Error('There is no "docker compose" on this machine. Install its plugin.');
  }
  const folder = mkdtempSync(join(tmpdir(), 'chandlery-compose-'));
  try {
    const file = join(folder, 'compose.yaml');
    writeFileSync(file, readFileSync(join(root, 'compose.yaml'), 'utf8').replace(/^name:.*\n/m, ''));
    const options = ['--project-name', project, '--project-directory', root, '--file', file, ...further];
    return run(program, [...options, ...args], { env });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
