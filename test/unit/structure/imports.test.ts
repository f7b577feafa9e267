import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';

/** Holds "Who may import what": a reader who knows the folders knows what each file can reach. */

const ROOT = join(__dirname, '../../..');
const SERVICES = ['order', 'payment', 'stock'];
const CODE = [...SERVICES, 'shared', 'tools', 'test'];
/** A file past this has two rooms that share a door. */
const MAX_LINES = 200;

interface Source {
  /** From the root, with forward slashes. */
  path: string;
  text: string;
  /** Packages by name, and files of the project by their path from the root, without extension. */
  imports: string[];
}

const sources: Source[] = CODE.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file.split(sep).join('/')}`)
    .filter((path) => /\.m?ts$/.test(path) && !path.includes('/prisma/client/'))
    .map((path) => {
      const text = readFileSync(join(ROOT, path), 'utf8');
      return { path, text, imports: importsOf(path, text) };
    }),
);

function importsOf(path: string, text: string): string[] {
  const named = text.matchAll(/(?:\bfrom|\bimport|\brequire)\s*\(?\s*['"]([^'"]+)['"]/g);
  return [...named].map(([, name = '']) =>
    name.startsWith('.')
      ? normalize(join(dirname(path), name))
          .split(sep)
          .join('/')
      : name,
  );
}

const within = (path: string, folders: readonly string[]) =>
  folders.some((folder) => path === folder || path.startsWith(`${folder}/`));

/** The imports that break a rule, as "file → what it imports", so that a failure names its cause. */
function offences(where: (path: string) => boolean, forbidden: (name: string, path: string) => boolean) {
  return sources
    .filter(({ path }) => where(path))
    .flatMap(({ path, imports }) =>
      imports.filter((name) => forbidden(name, path)).map((name) => `${path} → ${name}`),
    );
}

const outside =
  (...folders: string[]) =>
  (path: string) =>
    !within(path, folders);
const isPackage = (name: string, found: string) => found === name || found.startsWith(`${name}/`);

test('the files and their imports are found at all', () => {
  expect(sources.length).toBeGreaterThan(60);
  expect(sources.find(({ path }) => path === 'stock/src/main.ts')?.imports).toContain(
    'shared/service/service',
  );
});

test.each(SERVICES)('%s imports no other service', (service) => {
  const others = SERVICES.filter((other) => other !== service);
  expect(
    offences(
      (path) => within(path, [service]),
      (name) => within(name, others),
    ),
  ).toEqual([]);
});

test('shared imports no service, and nothing of how the project is run or tested', () => {
  expect(
    offences(
      (path) => within(path, ['shared']),
      (name) => within(name, [...SERVICES, 'tools', 'test']),
    ),
  ).toEqual([]);
});

test('services import nothing of how the project is run or tested', () => {
  expect(
    offences(
      (path) => within(path, SERVICES),
      (name) => within(name, ['tools', 'test']),
    ),
  ).toEqual([]);
});

test('who looks at the books or mends what is stuck imports no service, and the auditor nothing that mends', () => {
  expect(
    offences(
      (path) => within(path, ['tools/audit', 'tools/operate']),
      (name, path) =>
        within(name, [...SERVICES, 'test']) ||
        (within(path, ['tools/audit']) && within(name, ['tools/operate'])),
    ),
  ).toEqual([]);
});

test('only tests import tests', () => {
  expect(offences(outside('test'), (name) => within(name, ['test']))).toEqual([]);
});

test('a step imports no other step', () => {
  const stepOf = (path: string) => /^\w+\/src\/saga\/([^/]+)\//.exec(path)?.[1];
  expect(
    offences(
      (path) => stepOf(path) !== undefined,
      (name, path) => stepOf(name) !== undefined && stepOf(name) !== stepOf(path),
    ),
  ).toEqual([]);
});

test('a step imports the contract, amounts, errors and transactions, and nothing else that is shared', () => {
  const allowed = [
    'shared/amounts',
    'shared/contract',
    'shared/errors',
    'shared/inbox/step',
    'shared/postgres/database',
    'shared/postgres/statement',
  ];
  expect(
    offences(
      (path) => /^\w+\/src\/saga\//.test(path),
      (name, path) => !within(name, [...allowed, `${path.split('/')[0]}/src/saga`]),
    ),
  ).toEqual([]);
});

test('decisions import types and errors only: no SQL, no transaction', () => {
  expect(
    offences(
      (path) => /\/saga\/.*\/(decide|allocation)\.ts$/.test(path),
      (name) => /statements?$|database$|step$/.test(name),
    ),
  ).toEqual([]);
});

test('the contract imports nothing of the project', () => {
  expect(
    offences(
      (path) => within(path, ['shared/contract']),
      (name) => within(name, CODE) && !within(name, ['shared/contract']),
    ),
  ).toEqual([]);
});

test.each([
  ['amqplib', ['shared/rabbit', 'tools/chaos', 'test']],
  ['pg', ['shared/postgres', 'tools/support', 'tools/deploy', 'tools/chaos', 'tools/bench', 'test']],
  ['prom-client', ['shared/observe', 'tools/audit/metrics.ts']],
  ['@opentelemetry', ['shared/observe']],
])('%s is imported in %j only', (library, folders) => {
  expect(offences(outside(...folders), (name) => isPackage(library, name))).toEqual([]);
});

test('the environment is read in config.ts files only', () => {
  const readers = sources
    .filter(({ path, text }) => !path.endsWith('/config.ts') && /process\.env\b/.test(text))
    .map(({ path }) => path);
  expect(readers.filter(outside('tools/local', 'tools/support', 'test'))).toEqual([]);
});

test('statements of a service have names of their own, because a connection prepares each name once', () => {
  for (const service of SERVICES) {
    const names = sources
      .filter(({ path }) => within(path, [service, 'shared']))
      .flatMap(({ text }) =>
        [...text.matchAll(/\bstatement(?:<[^(]*>)?\(\s*'(\w+)'/g)].map(([, name]) => name),
      );
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  }
});

test(`no file but a test is longer than ${MAX_LINES} lines`, () => {
  const lengths = sources
    .filter(({ path }) => outside('test')(path))
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }));
  expect(lengths.filter(({ lines }) => lines > MAX_LINES)).toEqual([]);
});
