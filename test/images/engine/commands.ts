import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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
  const said = `${result.stdout}${result.stderr}${result.error?.message ?? ''}`
    .split('\n')
    .slice(-60)
    .join('\n');
  throw new Error(`"${program} ${args.join(' ')}" failed:\n${said}`);
}

export const docker = Object.assign((...args: string[]) => run('docker', args), {
  succeeds: (...args: string[]) => spawnSync('docker', args, limits).status === 0,
});

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
