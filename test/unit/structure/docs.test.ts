import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { root } from '../../../shared/root';

/** Checks that whatever the documentation, scripts and manifests name exists. A failure lists the files and names. */

const notOurs = new Set(['.git', '.chandlery', 'node_modules', 'dist', 'coverage']);

/** Returns every file and folder of the repository, from the root; folders end in a slash. */
function list(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !notOurs.has(name) && !(name === 'client' && folder.endsWith('/prisma/')))
    .flatMap((entry) => {
      const path = `${folder}${entry.name}`;
      return entry.isDirectory() ? [`${path}/`, ...list(`${path}/`)] : [path];
    });
}
const paths = list('');
const folderNames = new Set(paths.filter((path) => path.endsWith('/')).map((path) => path.split('/').at(-2)));
const files = paths
  .filter((path) => !path.endsWith('/') && path !== 'package-lock.json')
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
const documents = files.filter(({ path }) =>
  /^(README|CONTRIBUTING)\.md$|^docs\/.*\.md$|\/README\.md$/.test(path),
);
/** Files that commands write. */
const outputs = ['report.json', 'bench.json'];
/** Without tests, which may use made-up names, and the changelog, which names what existed once. */
const namingFiles = files.filter(({ path }) => !path.startsWith('test/') && path !== 'CHANGELOG.md');

/** Returns the wrong names that a pattern's group finds in files, as "file: name". */
function namesIn(sources: typeof files, pattern: RegExp, isWrong: (name: string, file: string) => boolean) {
  return sources.flatMap(({ path, text }) =>
    [...text.matchAll(pattern)]
      .map(([, name = '']) => name)
      .filter((name) => isWrong(name, path))
      .map((name) => `${path}: ${name}`),
  );
}

/** Whether a word looks like one of our files or folders: it begins with a folder's name, or ends like our files. */
function looksLikePath(word: string): boolean {
  if (!/^(\.\/)?[\w.*{},-]+(\/[\w.*{},-]+)*\/?$/.test(word)) {
    return false;
  }
  const [first = '', ...rest] = word.replace(/^\.\//, '').split('/');
  return (
    (rest.length > 0 && folderNames.has(first)) ||
    /\.(ts|js|mjs|md|ya?ml|json|sh|sql|prisma|toml|txt)$/.test(word)
  );
}

/** Whether a path exists, from the root or as the end of a longer one. A compiled file exists when its source does. */
function exists(word: string): boolean {
  const pattern = word
    .replace(/^\.\//, '')
    .replace(/\/$/, '')
    .replace(/^dist\//, '')
    .replace(/[.]/g, '\\.')
    .replace(/\*+/g, '[^/]*')
    .replace(/\{([^}]*)\}/g, (_, names: string) => `(${names.split(',').join('|')})`)
    .replace(/\\.js$/, '.[jt]s');
  const wanted = new RegExp(`(^|/)${pattern}/?$`);
  return paths.some((path) => wanted.test(path));
}

test('finds files, and tells names that exist from those that do not', () => {
  expect(documents.length).toBeGreaterThan(40);
  expect(
    ['order/src/main.ts', 'src/http', 'docs/', 'define-broker.js', '.ci/run', 'k8s/*/order/'].map(exists),
  ).toEqual(Array(6).fill(true));
  expect(['tools/src/main.ts', 'docs/none.md', 'k8s/{base,none}x', '.ci/none'].map(exists)).toEqual(
    Array(4).fill(false),
  );
  expect(['POST', 'stock.settle', '/readyz', 'deployment/order', 'order/…'].filter(looksLikePath)).toEqual(
    [],
  );
});

test('every path in a document exists', () => {
  const words = documents.map(({ path, text }) => {
    const code = [...text.matchAll(/```[\s\S]*?```|`[^`]+`/g)].map(([quoted]) => quoted.replaceAll('`', ' '));
    return { path, text: code.join('\n') };
  });
  const missing = namesIn(
    words,
    /(?<=^|[\s"'(=])([^\s"'()=]+?)(?=[,.;:]*($|[\s"')]))/gm,
    (word) => looksLikePath(word) && !exists(word) && !outputs.includes(word),
  );
  expect(missing).toEqual([]);
});

test('every link in a document leads to a file or folder', () => {
  const leadsNowhere = (link: string, file: string) => {
    const path = normalize(join(dirname(file), link.replace(/#.*/, '')));
    return (
      !/^(https?:|#)/.test(link) &&
      !paths.some((existing) => existing === path || existing === `${path.replace(/\/$/, '')}/`)
    );
  };
  expect(namesIn(documents, /\]\(([^)\s]+)\)/g, leadsNowhere)).toEqual([]);
});

test('every npm script that a file names is in package.json', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(
    namesIn(namingFiles, /\bnpm run (?:-s |--silent )?([a-z][\w:-]*)/g, (name) => !(name in scripts)),
  ).toEqual([]);
});

test('every compiled file that a file names has a source', () => {
  const isMissing = (file: string) => !paths.includes(`${file}.ts`);
  expect(namesIn(namingFiles, /(?<![\w/])dist\/([\w./-]+)\.js\b/g, isMissing)).toEqual([]);
});
