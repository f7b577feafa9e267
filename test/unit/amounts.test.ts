import { sumByKey, surplus } from '../../shared/amounts';

test('a sum stops at the largest amount that a row can have', () => {
  const most = Number.MAX_SAFE_INTEGER;
  expect(
    sumByKey([
      ['a', most],
      ['a', most],
      ['b', 1],
      ['b', 2],
    ]),
  ).toEqual(
    new Map([
      ['a', most],
      ['b', 3],
    ]),
  );
});

test('returns what was taken and not used, and never more than the row had', () => {
  const asked = new Map([
    ['enough', 3],
    ['short', 5],
    ['refused', 4],
    ['none', 2],
  ]);
  const had = [
    ['enough', 10],
    ['short', 4],
    ['refused', 9],
    ['none', 0],
  ] as const;
  const used = [
    ['enough', 1],
    ['enough', 2],
    ['short', 1],
  ] as const;
  expect(surplus({ had, asked, used })).toEqual([
    ['short', 3],
    ['refused', 4],
  ]);
});
