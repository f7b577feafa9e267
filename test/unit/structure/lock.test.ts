import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../shared/root';

/** An install gets exactly what was tested: exact versions, and the digest of every package, whoever serves it. */

interface Locked {
  version: string;
  integrity?: string;
  resolved?: string;
}

const read = (file: string) => JSON.parse(readFileSync(join(root, file), 'utf8'));
const { '': _project, ...locked }: Record<string, Locked> = read('package-lock.json').packages;
/** The workspaces are ours, and are not installed from anywhere. */
const workspaces: string[] = read('package.json').workspaces;
const packages = Object.fromEntries(
  Object.entries(locked).filter(([path, { resolved = path }]) => !workspaces.includes(resolved)),
);

/** Returns the paths of the packages that match. */
const packagesWhere = (matches: (locked: Locked) => boolean) =>
  Object.keys(packages).filter((path) => matches(packages[path] as Locked));

test('finds the packages in the lock', () => {
  expect(Object.keys(packages).length).toBeGreaterThan(500);
});

// npm does not add a missing digest: delete the entry and run `npm install --package-lock-only`.
test('every package in the lock has an integrity', () => {
  expect(packagesWhere(({ integrity }) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ''))).toEqual([]);
});

test('no package in the lock names a registry, so that each machine uses its own', () => {
  expect(packagesWhere(({ resolved }) => resolved !== undefined)).toEqual([]);
});

test.each(['.', ...workspaces])('package.json in %s names exact versions', (folder) => {
  const { dependencies, devDependencies, optionalDependencies } = read(join(folder, 'package.json'));
  const versions: Record<string, string> = { ...dependencies, ...devDependencies, ...optionalDependencies };
  expect(
    Object.entries(versions).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(version)),
  ).toEqual([]);
});

test("the schema engine is the one that belongs to Prisma's version", () => {
  const engines = packages['node_modules/@prisma/engines'] as Locked & {
    dependencies: Record<string, string>;
  };
  const engine = packages['node_modules/@prisma/schema-engine-wasm'] as Locked;
  expect(engine.version).toBe(engines.dependencies['@prisma/engines-version']);
});
