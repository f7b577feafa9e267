import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../shared/root';
import { findRelease, releasesIn } from '../../cluster/upgrade/releases';

/** The version is written in several files, because each is read by another program. test/k8s and test/images check theirs. */

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const { version } = JSON.parse(read('package.json')) as { version: string };
const changelog = read('CHANGELOG.md');

test('the version is the same in package.json and package-lock.json', () => {
  const lock = JSON.parse(read('package-lock.json'));
  expect([lock.version, lock.packages[''].version]).toEqual([version, version]);
});

test('the commands that build, load and deploy images name the version', () => {
  const commands = ['Dockerfile', 'docs/kubernetes.md'].map(read).join('\n');
  const tags = [...commands.matchAll(/(?:--tag (?:\S+:)?|chandlery\/\S+:)(\d+\.\d+\.\d+)/g)].map(
    ([, tag]) => tag,
  );
  expect(tags.length).toBeGreaterThanOrEqual(5);
  expect([...new Set(tags)]).toEqual([version]);
});

test('the changelog begins with the version, and each earlier one has its date and its commit', () => {
  const [first, ...earlier] = [...changelog.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  expect(first).toBe(`${version} (not released yet)`);
  const dated = releasesIn(changelog);
  expect(earlier.map((heading) => heading?.split(' ')[0])).toEqual(dated.map((release) => release.version));
});

test('says how to upgrade from the version before', () => {
  const [section = ''] = changelog.split(/^## /m).slice(1);
  expect(section).toContain(`### Upgrading from ${releasesIn(changelog)[0]?.version}\n`);
});

test('refuses a release that never was', () => {
  expect(() => findRelease('0.0.9')).toThrow('There is no release "0.0.9". CHANGELOG.md lists: 0.1.0.');
});
