import { expect, test } from '@jest/globals';
import { bestOf } from '../../../tools/bench/measure/best';

test('the number with the highest throughput is the best, wherever it is in the list', async () => {
  const perSecond: Record<number, number> = { 512: 4_000, 1024: 5_000, 2048: 4_900 };
  const measure = async (connections: number) => perSecond[connections] as number;
  expect(await bestOf([512, 1024, 2048], measure)).toEqual({ best: 1024, perSecond });
  expect((await bestOf([1024, 512], measure)).best).toBe(1024);
});

test('of numbers with equal throughput, the first is the best', async () => {
  expect((await bestOf([512, 1024], async () => 4_000)).best).toBe(512);
});
