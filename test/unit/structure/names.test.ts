import { sources } from './sources';

/** Naming rules that the linter does not have. */

test('a constant number of a module is named in CAPITALS, so that a reader sees that it never changes', () => {
  const found = sources.flatMap(({ path, text }) =>
    [...text.matchAll(/^(?:export )?const ([a-z]\w*) = -?\d[^\n]*/gm)].map(([line]) => `${path}: ${line}`),
  );
  expect(found).toEqual([]);
});
