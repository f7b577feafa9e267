import { expect, jest, test } from '@jest/globals';
import { watchTopology } from '../../shared/rabbit/watch-topology';
import { silent } from '../support/silent';

async function looksDuring(seconds: number, isIncomplete: () => boolean) {
  jest.useFakeTimers();
  const looks = { all: 0, own: 0 };
  const topology = {
    ensure: async () => void looks.all++,
    ensureOwn: async () => void looks.own++,
    isIncomplete,
  };
  const connection = { isConnected: () => true, openChannel: () => Promise.reject(new Error('not needed')) };
  const watch = watchTopology({ connection: connection as never, topology, log: silent });
  await jest.advanceTimersByTimeAsync(seconds * 1_000);
  await watch.stop();
  jest.useRealTimers();
  return looks;
}

test('looks at the own part every ten seconds, and at all of it every minute', async () => {
  expect(await looksDuring(125, () => false)).toEqual({ all: 2, own: 10 });
});

test('looks at all of it every second while something is missing', async () => {
  expect(await looksDuring(10, () => true)).toEqual({ all: 10, own: 0 });
});
