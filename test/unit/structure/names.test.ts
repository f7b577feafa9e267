import { sources } from './sources';

/** One dialect, where the linter has no rule for it. */

test('a number that a module fixes is named in CAPITALS, so that a reader sees that nothing changes it', () => {
  const found = sources.flatMap(({ path, text }) =>
    [...text.matchAll(/^(?:export )?const ([a-z]\w*) = -?\d[^\n]*/gm)].map(([line]) => `${path}: ${line}`),
  );
  expect(found).toEqual([]);
});
