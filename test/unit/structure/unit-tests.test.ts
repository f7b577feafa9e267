import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { root } from '../../../shared/root';

/** Checks that `npm run test:unit` starts no server: unit tests load nothing that could start one. */

const serverStarters = [
  'test/support/servers.ts',
  'test/support/global-setup.ts',
  'tools/support/postgres.ts',
  'tools/support/rabbit.ts',
];
const unitTests = readdirSync(join(root, 'test/unit'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => join('test/unit', file));

/** Returns the project's files that a file loads. Type imports load nothing. */
function loadedBy(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8').replace(/^import type [^;]*;/gm, '');
  const names = text.matchAll(/(?:\bfrom|\bimport|\brequire)\s*\(?\s*'(\.[^']+)'/g);
  return [...names]
    .map(([, name = '']) => join(dirname(file), name))
    .flatMap((path) => [`${path}.ts`, `${path}/index.ts`, path])
    .filter((path) => /\.[mc]?[jt]s$/.test(path) && existsSync(join(root, path)));
}

/** Returns the import chains from a file to server starters, such as "a.ts → b.ts → tools/support/postgres.ts". */
function chainsToServers(file: string, seen = new Set<string>()): string[] {
  if (serverStarters.includes(file)) {
    return [file];
  }
  if (seen.has(file)) {
    return [];
  }
  seen.add(file);
  return loadedBy(file).flatMap((next) => chainsToServers(next, seen).map((chain) => `${file} → ${chain}`));
}

test('finds the files that start servers, also through other files', () => {
  expect(serverStarters.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  expect(unitTests).toContain(relative(root, __filename));
  expect(chainsToServers('test/support/http-edge.ts')).toEqual([
    'test/support/http-edge.ts → test/support/servers.ts',
  ]);
  expect(chainsToServers('tools/local/start.ts').length).toBeGreaterThan(1);
});

test('no unit test loads a file that starts PostgreSQL or RabbitMQ', () => {
  expect(unitTests.flatMap((file) => chainsToServers(file))).toEqual([]);
});

test('the unit tests are a Jest project without a global setup, and no other project runs them', () => {
  const { projects } = jest.requireActual<{ projects: Record<string, unknown>[] }>('../../../jest.config.js');
  const [unit, ...others] = projects;
  expect(unit).toMatchObject({ displayName: 'unit', roots: ['<rootDir>/test/unit'] });
  expect(unit).not.toHaveProperty('globalSetup');
  for (const other of others) {
    expect(other.testPathIgnorePatterns).toEqual(['<rootDir>/test/unit/']);
  }
});
