import { pagesNames } from '../../../shared/pages';
import { serviceNames } from '../../../shared/services';
import { CODE_FOLDERS, outside, sources, within } from './sources';

/** Checks "Who may import what": a reader who knows the folders knows what each file can reach. */

/** A longer file does two things. */
const MAX_LINES = 200;

/** Returns the imports that break a rule, as "file → what it imports", so that a failure names its cause. */
function offences(where: (path: string) => boolean, forbidden: (name: string, path: string) => boolean) {
  return sources
    .filter(({ path }) => where(path))
    .flatMap(({ path, imports }) =>
      imports.filter((name) => forbidden(name, path)).map((name) => `${path} → ${name}`),
    );
}

const isPackage = (name: string, found: string) => found === name || found.startsWith(`${name}/`);

test('finds the files and their imports', () => {
  expect(sources.length).toBeGreaterThan(60);
  expect(sources.find(({ path }) => path === 'stock/src/main.ts')?.imports).toContain(
    'shared/service/run-participant',
  );
});

test.each(serviceNames)('%s imports no other service', (service) => {
  const others = serviceNames.filter((other) => other !== service);
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
      (name) => within(name, [...serviceNames, 'tools', 'test']),
    ),
  ).toEqual([]);
});

test('services import nothing of how the project is run or tested', () => {
  expect(
    offences(
      (path) => within(path, serviceNames),
      (name) => within(name, ['tools', 'test']),
    ),
  ).toEqual([]);
});

test('tools import no service, except that the grants of each are looked up by its name', () => {
  const dynamic = sources
    .filter(({ path, text }) => within(path, ['tools', 'shared']) && /\b(?:require|import)\(`/.test(text))
    .map(({ path }) => path);
  expect(dynamic).toEqual(['tools/deploy/grants.ts']);
  expect(
    offences(
      (path) => within(path, ['tools']),
      (name) => within(name, serviceNames),
    ),
  ).toEqual([]);
});

test('pages import what pages share, and nothing outside web', () => {
  const kinds = pagesNames.map((name) => `web/${name}`);
  const isPage = (path: string) => within(path, ['web/ui', 'web/client', ...kinds]);
  const ours = CODE_FOLDERS.filter((folder) => folder !== 'web');
  expect(offences(isPage, (name) => within(name, [...ours, 'web/server']))).toEqual([]);
  expect(
    offences(
      (path) => within(path, ['web/ui', 'web/client']),
      (name) => within(name, kinds),
    ),
  ).toEqual([]);
  expect(
    offences(
      (path) => within(path, ['web/client']),
      (name) => within(name, ['web/ui']),
    ),
  ).toEqual([]);
  for (const kind of kinds) {
    const others = kinds.filter((other) => other !== kind);
    expect(
      offences(
        (path) => within(path, [kind]),
        (name) => within(name, others),
      ),
    ).toEqual([]);
  }
});

test('the server of the pages imports nothing but what is shared', () => {
  const others = [
    'web/ui',
    'web/client',
    ...CODE_FOLDERS.filter((folder) => !['web', 'shared'].includes(folder)),
  ];
  expect(
    offences(
      (path) => within(path, ['web/server']),
      (name) => within(name, others),
    ),
  ).toEqual([]);
});

/** What tools share is in tools/support. A tool that is built on another is listed here. */
const BUILT_ON: Readonly<Record<string, readonly string[]>> = {
  bench: ['audit', 'chaos'],
  chaos: ['audit', 'gateway'],
  local: ['deploy', 'operate'],
};

test('a tool imports tools/support, and only those other tools that it is built on', () => {
  const toolOf = (path: string) => /^tools\/(\w+)\//.exec(path)?.[1] ?? '';
  expect(
    offences(
      (path) => within(path, ['tools']),
      (name, path) => {
        const [from, to] = [toolOf(path), toolOf(name)];
        return to !== '' && to !== from && to !== 'support' && !BUILT_ON[from]?.includes(to);
      },
    ),
  ).toEqual([]);
});

/** main → checkout → http → saga → contract: a folder imports the ones to its right, never one to its left. */
const DIRECTION = ['main', 'checkout', 'http', 'saga'];

test('inside a service imports run one way: main, checkout, http, saga', () => {
  const placeOf = (path: string) => DIRECTION.indexOf(/^\w+\/src\/(\w+)/.exec(path)?.[1] ?? '');
  expect(
    offences(
      (path) => within(path, serviceNames) && placeOf(path) >= 0,
      (name, path) => within(name, serviceNames) && placeOf(name) >= 0 && placeOf(name) < placeOf(path),
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

test('a step imports the contract, amounts, errors, transactions and who is staff, and nothing else that is shared', () => {
  const allowed = [
    'shared/amounts',
    'shared/contract',
    'shared/errors',
    'shared/inbox/blocked',
    'shared/inbox/step',
    'shared/postgres/staff',
    'shared/postgres/tx',
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
      (name) => /statements?$|tx$|database$|step$/.test(name),
    ),
  ).toEqual([]);
});

test('the contract imports nothing of the project', () => {
  expect(
    offences(
      (path) => within(path, ['shared/contract']),
      (name) => within(name, CODE_FOLDERS) && !within(name, ['shared/contract']),
    ),
  ).toEqual([]);
});

test.each([
  ['amqplib', ['shared/rabbit', 'tools/chaos', 'test']],
  ['pg', ['shared/postgres', 'tools/support', 'tools/deploy', 'tools/chaos', 'tools/bench', 'test']],
  [
    'prom-client',
    [
      'shared/observe',
      'catalog/src/metrics.ts',
      'order/src/metrics.ts',
      'stock/src/metrics.ts',
      'tools/audit/metrics.ts',
    ],
  ],
  ['@opentelemetry', ['shared/observe']],
])('%s is imported in %j only', (library, folders) => {
  expect(offences(outside(...folders), (name) => isPackage(library, name))).toEqual([]);
});

test('only one file connects with amqplib, which decodes a password in a URL in its own way', () => {
  const connecting = sources
    .filter(({ path, text }) => outside('test')(path) && /\bconnect\b[^;]*from 'amqplib'/.test(text))
    .map(({ path }) => path);
  expect(connecting).toEqual(['shared/rabbit/open.ts']);
});

test('only config.ts files read the environment', () => {
  const readers = sources
    .filter(({ path, text }) => !path.endsWith('/config.ts') && /process\.env\b/.test(text))
    .map(({ path }) => path);
  expect(readers.filter(outside('tools/local', 'tools/support', 'test'))).toEqual([]);
});

test('no two statements of a service have the same name, because a connection prepares each name once', () => {
  for (const service of serviceNames) {
    const names = sources
      .filter(({ path }) => within(path, [service, 'shared']))
      .flatMap(({ text }) =>
        [...text.matchAll(/\bstatement(?:<[^(]*>)?\(\s*'(\w+)'/g)].map(([, name]) => name),
      );
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  }
});

test(`no file except a test is longer than ${MAX_LINES} lines`, () => {
  const files = sources
    .filter(({ path }) => outside('test')(path))
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }));
  expect(files.filter(({ lines }) => lines > MAX_LINES)).toEqual([]);
});
