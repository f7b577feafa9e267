import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pages, pagesNames } from '../../shared/pages';
import { root } from '../../shared/root';
import { INTERNAL_PORTS, serviceNames, services } from '../../shared/services';
import { KUSTOMIZE } from '../support/kustomize';
import { readStages, withBases } from './dockerfile';

const stages = readStages();
const images = [...serviceNames, 'web', 'tools'];
const partsOf = (image: string) => withBases(stages, image);
const setting = (image: string, keyword: string) =>
  partsOf(image)
    .map((stage) => stage.last(keyword))
    .find((value) => value !== undefined);

test('there is a target for each service, for the pages and for the tools', () => {
  expect([...stages.keys()].slice(-images.length)).toEqual(images);
});

test.each(images)('the code in %s comes from the stage in which every check has passed', (image) => {
  const copies = partsOf(image).flatMap((stage) => stage.copies);
  expect(copies.length).toBeGreaterThan(0);
  // Not from the sources, and not from a stage that has them unchecked.
  const origins = new Set(copies.map((copy) => copy.stage ?? 'the sources'));
  expect([...origins].sort()).toEqual(['dependencies', 'runtime', 'tested']);
  const sourcesIn = (stage: string) =>
    withBases(stages, stage).flatMap(({ copies }) => copies.flatMap((copy) => copy.sources));
  expect(sourcesIn('dependencies').sort()).toEqual([
    ...['package-lock.json', 'package.json', 'tools/deploy/bill-of-materials.mjs', 'web/package.json'],
  ]);
  expect(sourcesIn('runtime')).toEqual([]);
  expect(stages.get('tested')?.from).toBe('test');
});

test('the stage with the checks ends with lint, format, types and every test, on all sources', () => {
  expect(stages.get('test')?.runs.at(-1)).toBe('npm run check');
  expect(stages.get('test')?.copies.at(-1)?.sources).toEqual(['.']);
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const part of ['lint', 'format:check', 'typecheck', 'test']) {
    expect(scripts.check).toMatch(new RegExp(`\\b(run )?${part}( |$)`));
  }
});

test.each(images)('%s has no shell: it starts empty and runs no command while it is built', (image) => {
  expect(partsOf(image).at(-1)?.from).toBe('scratch');
  expect(partsOf(image).flatMap((stage) => stage.runs)).toEqual([]);
});

test.each(images)('%s runs Node.js itself, as a user who is given by number and is not root', (image) => {
  expect(JSON.parse(setting(image, 'ENTRYPOINT') ?? '')[0]).toBe('node');
  expect(setting(image, 'USER')).toBe('65532:65532');
});

test('the images share all layers but the last', () => {
  for (const image of images) {
    expect(stages.get(image)?.from).toBe('base');
    expect(stages.get(image)?.copies).toHaveLength(1);
  }
});

test('a service listens on the ports that its image exposes', () => {
  for (const service of serviceNames) {
    const { port } = services[service];
    expect(setting(service, 'EXPOSE')).toBe(`${port} ${port + INTERNAL_PORTS}`);
    expect(JSON.parse(setting(service, 'CMD') ?? '')).toEqual([`dist/${service}/src/main.js`]);
  }
});

test('the one image of the pages exposes the ports of each, and runs the program that serves them', () => {
  const ports = pagesNames.map((name) => pages[name].port).sort();
  const exposed = [...ports, ...ports.map((port) => port + INTERNAL_PORTS)];
  expect(setting('web', 'EXPOSE')).toBe(exposed.join(' '));
  expect(JSON.parse(setting('web', 'CMD') ?? '').at(-1)).toBe('dist/web/server/src/main.js');
});

test('every base image is given by its full version and its digest', () => {
  const given = new Set([...stages.values()].map(({ from }) => from).filter((from) => !stages.has(from)));
  given.delete('scratch');
  for (const image of given) {
    expect(image).toMatch(/:\d+\.\d+\.\d+-[\w-]+@sha256:[0-9a-f]{64}$/);
  }
});

test('the build has the kustomize that the tests would otherwise build themselves', () => {
  expect(stages.get('kustomize')?.runs.at(-1)).toContain(`/kustomize/v5@v${KUSTOMIZE}`);
  expect(stages.get('kustomize')?.runs.at(-1)).toContain(`version=v${KUSTOMIZE}'`);
  expect(stages.get('test')?.copies.map(({ stage }) => stage)).toContain('kustomize');
});

test('nothing that git ignores goes into a build', () => {
  const patterns = (file: string) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.replace(/\/$/, ''));
  // To git, a name without a slash is one in every folder.
  const ignored = patterns('.gitignore').map((name) => (name.includes('/') ? name : `**/${name}`));
  expect(ignored.filter((name) => !patterns('.dockerignore').includes(name))).toEqual([]);
});
