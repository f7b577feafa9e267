import { expect, test } from '@jest/globals';
import { bestOf } from '../../../tools/bench/measure/best';

test('the number that gets the most through is the best, wherever it stands', async () => {
  const through: Record<number, number> = { 512: 4_000, 1024: 5_000, 2048: 4_900 };
  const look = async (connections: number) => through[connections] as number;
  expect(await bestOf([512, 1024, 2048], look)).toEqual({ best: 1024, perSecond: through });
  expect((await bestOf([1024, 512], look)).best).toBe(1024);
});

test('of numbers that get as much through, the first is the best', async () => {
  expect((await bestOf([512, 1024], async () => 4_000)).best).toBe(512);
});
