import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PAUSE } from '../../cluster/own/images/names';
import { digestOfOthers, digestOfSources } from '../../cluster/own/images/sources';
import { engineCommand } from '../../images/engine/engine';

/** Which images a cluster of our own has, and where they come from. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chandlery-images-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, text: string): void {
  mkdirSync(join(folder, dirname(file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

test('new images are built whenever anything has changed that their build can use, and only then', () => {
  const digest = (dockerfile = 'FROM scratch') => digestOfSources(folder, dockerfile);
  write('order/src/main.ts', '');
  for (const file of ['tsconfig.build.json', 'order/src/main.ts', 'tools/local/setup.mjs', 'new/file.ts']) {
    const before = digest();
    write(file, 'changed');
    expect({ file, digest: digest() }).not.toEqual({ file, digest: before });
  }
  const before = digest();
  for (const file of ['test/a.test.ts', 'docs/a.md', 'README.md', 'dist/a.js', 'order/prisma/client/a.js']) {
    write(file, 'changed');
    expect({ file, digest: digest() }).toEqual({ file, digest: before });
  }
  expect(digest('FROM another')).not.toBe(before);
});

test('the other images are built again when a program gets another user or name', () => {
  const digest = (pause: { image: string; user?: string }) => digestOfOthers([], { pause });
  const before = digest({ image: PAUSE, user: '65535:65535' });
  expect(digest({ image: PAUSE, user: '65535:65535' })).toBe(before);
  expect(digest({ image: PAUSE })).not.toBe(before);
  expect(digest({ image: 'another', user: '65535:65535' })).not.toBe(before);
});

test('an engine with a cgroup of ours starts where systemd is, whatever the settings of the machine are', () => {
  const command = engineCommand('/work', { cgroup: '/ours', isolated: true });
  expect(command).toContain('--cgroup-parent=/ours');
  expect(command).toContain('--exec-opt=native.cgroupdriver=cgroupfs');
  expect(command).toContain('--config-file=/work/daemon.json');
  // dockerd would use the containerd of the machine, and AppArmor profiles would stay in its kernel.
  expect(command.join('\n')).toContain('mount -t tmpfs tmpfs /run/containerd');
  expect(command.join('\n')).toContain('mount -t tmpfs tmpfs /sys/kernel/security');
  expect(engineCommand('/work', {}).slice(0, 1)).toEqual(['dockerd']);
});

test('unchecked images and stand-ins never get into the engine of the user', async () => {
  const path = process.env.PATH;
  const ending = new AbortController();
  for (const [name, script] of Object.entries({
    docker: 'exit 0',
    dockerd: 'exec sleep 60',
    'docker-compose': 'exit 0',
    debootstrap: 'exit 0',
  })) {
    write(name, `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  process.env.PATH = `${folder}:${path}`;
  jest.resetModules();
  const file = '../../images/engine/engine';
  const { openEngine } = jest.requireActual<typeof import('../../images/engine/engine')>(file);
  const recordsDir = join(folder, 'running');
  try {
    const settings = { isolated: true, recordsDir, signal: ending.signal };
    const engine = await openEngine(() => {}, settings);
    if (typeof engine === 'string') {
      expect(engine).toContain('only root');
      return;
    }
    expect(engine.own).toBe(true);
    expect(existsSync(join(recordsDir, 'dockerd.json'))).toBe(true);
    ending.abort();
    await engine.stop();
    expect(existsSync(join(recordsDir, 'dockerd.json'))).toBe(false);
  } finally {
    process.env.PATH = path;
  }
});
