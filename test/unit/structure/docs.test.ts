import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { root } from '../../../shared/root';

/** Holds that what the documentation, scripts and manifests name is there. A failure says which file names what. */

const notOurs = new Set(['.git', '.chandlery', 'node_modules', 'dist', 'coverage', 'client']);

/** Every file and folder of the repository, from the root; folders end in a slash. */
function list(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !notOurs.has(name))
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
/** What commands write, where they are told to. */
const written = ['report.json', 'bench.json'];
/** What tests name may be made up, and a changelog tells of what was. */
const named = files.filter(({ path }) => !path.startsWith('test/') && path !== 'CHANGELOG.md');

/** What a pattern's group finds in files, as "file: what it names". */
function namesIn(sources: typeof files, pattern: RegExp, isWrong: (name: string, file: string) => boolean) {
  return sources.flatMap(({ path, text }) =>
    [...text.matchAll(pattern)]
      .map(([, name = '']) => name)
      .filter((name) => isWrong(name, path))
      .map((name) => `${path}: ${name}`),
  );
}

/** A word that looks like a file or folder of ours: it begins with the name of a folder, or ends as our files do. */
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

/** Whether it is there: from the root, or at the end of a longer path. A compiled file is there when its source is. */
function isThere(word: string): boolean {
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

test('files and what is named in them are found at all', () => {
  expect(documents.length).toBeGreaterThan(40);
  expect(
    ['order/src/main.ts', 'src/http', 'docs/', 'define-broker.js', '.ci/run', 'k8s/*/order/'].map(isThere),
  ).toEqual(Array(6).fill(true));
  expect(['tools/src/main.ts', 'docs/none.md', 'k8s/{base,none}x', '.ci/none'].map(isThere)).toEqual(
    Array(4).fill(false),
  );
  expect(['POST', 'stock.settle', '/readyz', 'deployment/order', 'order/…'].filter(looksLikePath)).toEqual(
    [],
  );
});

test('every path that a document names is there', () => {
  const words = documents.map(({ path, text }) => {
    const code = [...text.matchAll(/```[\s\S]*?```|`[^`]+`/g)].map(([quoted]) => quoted.replaceAll('`', ' '));
    return { path, text: code.join('\n') };
  });
  const missing = namesIn(
    words,
    /(?<=^|[\s"'(=])([^\s"'()=]+?)(?=[,.;:]*($|[\s"')]))/gm,
    (word) => looksLikePath(word) && !isThere(word) && !written.includes(word),
  );
  expect(missing).toEqual([]);
});

test('every link of a document leads somewhere', () => {
  const leadsNowhere = (link: string, file: string) => {
    const path = normalize(join(dirname(file), link.replace(/#.*/, '')));
    return (
      !/^(https?:|#)/.test(link) &&
      !paths.some((there) => there === path || there === `${path.replace(/\/$/, '')}/`)
    );
  };
  expect(namesIn(documents, /\]\(([^)\s]+)\)/g, leadsNowhere)).toEqual([]);
});

test('every script that is named is one of package.json', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(namesIn(named, /\bnpm run (?:-s |--silent )?([a-z][\w:-]*)/g, (name) => !(name in scripts))).toEqual(
    [],
  );
});

test('every compiled file that is named has its source', () => {
  const isMissing = (file: string) => !paths.includes(`${file}.ts`);
  expect(namesIn(named, /(?<![\w/])dist\/([\w./-]+)\.js\b/g, isMissing)).toEqual([]);
});
