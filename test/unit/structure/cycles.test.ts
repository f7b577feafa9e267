import { sources } from './sources';

/** Allows no import cycle: to understand one of its files, a reader would have to read them all. */

const withoutExtension = (path: string) => path.replace(/\.(m?[jt]s|tsx)$/, '');
const byName = new Map(sources.map((source) => [withoutExtension(source.path), source]));
const fileOf = (name: string) => byName.get(withoutExtension(name)) ?? byName.get(`${name}/index`);

/** Returns the files of an import cycle in order, or undefined when there is none. */
function findCycle(): string[] | undefined {
  const finished = new Set<string>();
  const chain: string[] = [];
  const visit = (path: string, imports: readonly string[]): string[] | undefined => {
    if (finished.has(path)) {
      return undefined;
    }
    if (chain.includes(path)) {
      return [...chain.slice(chain.indexOf(path)), path];
    }
    chain.push(path);
    for (const name of imports) {
      const next = fileOf(name);
      const cycle = next && visit(next.path, next.imports);
      if (cycle) {
        return cycle;
      }
    }
    chain.pop();
    finished.add(path);
    return undefined;
  };
  for (const { path, imports } of sources) {
    const cycle = visit(path, imports);
    if (cycle) {
      return cycle;
    }
  }
  return undefined;
}

test('finds the files that are imported', () => {
  const main = sources.find(({ path }) => path === 'order/src/main.ts');
  expect(main?.imports.map(fileOf).every((file) => file !== undefined)).toBe(true);
});

test('no imports form a cycle, not even imports of types', () => {
  expect(findCycle()).toBeUndefined();
});
