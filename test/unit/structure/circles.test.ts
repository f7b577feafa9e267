import { sources } from './sources';

/** A circle is a room that one cannot leave: whoever reads one of its files has to read them all. */

const withoutExtension = (path: string) => path.replace(/\.m?[jt]s$/, '');
const byName = new Map(sources.map((source) => [withoutExtension(source.path), source]));
const fileOf = (name: string) => byName.get(withoutExtension(name)) ?? byName.get(`${name}/index`);

/** Files that import each other, by way of others or not, as the way round. */
function findCircle(): string[] | undefined {
  const finished = new Set<string>();
  const way: string[] = [];
  const visit = (path: string, imports: readonly string[]): string[] | undefined => {
    if (finished.has(path)) {
      return undefined;
    }
    if (way.includes(path)) {
      return [...way.slice(way.indexOf(path)), path];
    }
    way.push(path);
    for (const name of imports) {
      const next = fileOf(name);
      const circle = next && visit(next.path, next.imports);
      if (circle) {
        return circle;
      }
    }
    way.pop();
    finished.add(path);
    return undefined;
  };
  for (const { path, imports } of sources) {
    const circle = visit(path, imports);
    if (circle) {
      return circle;
    }
  }
  return undefined;
}

test('the files that are imported are found at all', () => {
  const main = sources.find(({ path }) => path === 'order/src/main.ts');
  expect(main?.imports.map(fileOf).every((file) => file !== undefined)).toBe(true);
});

test('no file imports itself by way of others, not even a type', () => {
  expect(findCircle()).toBeUndefined();
});
