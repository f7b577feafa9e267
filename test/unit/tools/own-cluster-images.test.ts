import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PAUSE } from '../../cluster/own/images/names';
import { digestOfOthers, digestOfSources } from '../../cluster/own/images/sources';

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
