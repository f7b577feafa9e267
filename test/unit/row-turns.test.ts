import pino from 'pino';
import { Refusal } from '../../shared/http/problem';
import { openRowTurns } from '../../shared/http/row-turns';

let refused = 0;
const open = () => openRowTurns({ log: pino({ level: 'silent' }), onRefused: () => refused++ });
const times = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Work that ends when it is told to. */
function work() {
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const start = (id: number) => () => {
    begun.push(id);
    return new Promise<number>((resolve) => ends.push(() => resolve(id)));
  };
  return { begun, start, endNext: () => ends.shift()?.() };
}

const turnOfEventLoop = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  refused = 0;
});

test('two at a time change a row, and the others follow in the order in which they came', async () => {
  const turns = open();
  const { begun, start, endNext } = work();
  const all = times(10).map((id) => turns.run('row', start(id)));
  expect(begun).toEqual([0, 1]);
  for (let ended = 1; ended <= 10; ended++) {
    endNext();
    await turnOfEventLoop();
    expect(begun).toEqual(times(Math.min(ended + 2, 10)));
  }
  expect(await Promise.all(all)).toEqual(times(10));
});

test('other rows do not wait', async () => {
  const turns = open();
  const { begun, start, endNext } = work();
  const all = [...times(3).map((id) => turns.run('row', start(id))), turns.run('other', start(3))];
  expect(begun).toEqual([0, 1, 3]);
  for (const _ of all) {
    endNext();
    await turnOfEventLoop();
  }
  expect(await Promise.all(all)).toEqual(times(4));
});

test('a turn is passed on when the work fails', async () => {
  const turns = open();
  const fails = () => Promise.reject(new Error('fails'));
  const all = times(5).map(() => turns.run('row', fails));
  expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual(times(5).map(() => 'rejected'));
  expect(await turns.run('row', async () => 'done')).toBe('done');
});

test('those beyond 200 that wait, and those that have waited for five seconds, are refused', async () => {
  jest.useFakeTimers();
  const turns = open();
  const { start } = work();
  const waiting = times(202).map((id) => turns.run('row', start(id)));
  await expect(turns.run('row', start(202))).rejects.toBeInstanceOf(Refusal);
  expect(refused).toBe(1);
  const ended = Promise.allSettled(waiting.slice(2));
  jest.advanceTimersByTime(5_000);
  const ends = await ended;
  expect(ends.every(({ status }) => status === 'rejected')).toBe(true);
  expect(refused).toBe(201);
});
