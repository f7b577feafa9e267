import { expect, jest, test } from '@jest/globals';

jest.mock('node:crypto', () => ({
  ...jest.requireActual<typeof import('node:crypto')>('node:crypto'),
  randomInt: () => 21_500,
}));

/** As in a process of its own, which happens to begin with the same port. */
function freePorts(count: number): Promise<number[]> {
  let found: Promise<number[]> | undefined;
  jest.isolateModules(() => {
    found = (
      require('../../../tools/support/free-ports') as typeof import('../../../tools/support/free-ports')
    ).freePorts(count);
  });
  return found as Promise<number[]>;
}

test('gives nobody a port that somebody else was just given, although no server listens on it yet', async () => {
  const found = [...(await freePorts(20)), ...(await freePorts(20)), ...(await freePorts(20))];
  expect(new Set(found).size).toBe(60);
});
