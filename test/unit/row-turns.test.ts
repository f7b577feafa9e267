import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseError } from 'pg';
import pino from 'pino';
import { MAX_IN_FLIGHT } from '../../shared/http/limits';
import { Refusal } from '../../shared/http/problem';
import { openRowTurns } from '../../shared/http/row-turns';

let refused = 0;
const open = () => openRowTurns({ log: pino({ level: 'silent' }), onRefused: () => refused++ });
const times = (count: number) => Array.from({ length: count }, (_, i) => i);

/** What PostgreSQL says when a lock was not had in time. */
const notHad = () => Object.assign(new DatabaseError('canceling statement', 0, 'error'), { code: '55P03' });

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
afterEach(() => {
  jest.useRealTimers();
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

describe('rows that somebody has locked', () => {
  const tenRows = times(10).map((row) => `row ${row}`);

  /** Work that takes a moment and then does not get its lock, unless its row is free. */
  function lockedRows() {
    const free = new Set<string>();
    const running = new Set<string>();
    let most = 0;
    const start = (row: string) => async () => {
      running.add(row);
      most = Math.max(most, running.size);
      await sleep(10);
      running.delete(row);
      if (!free.has(row)) {
        throw notHad();
      }
      return row;
    };
    return { free, start, mostFromNowOn: () => (most = 0), most: () => most };
  }

  test('are tried again two at a time, and the others go on', async () => {
    const turns = open();
    const { free, start, mostFromNowOn, most } = lockedRows();
    const all = tenRows.map((row) => turns.run(row, start(row)));
    await sleep(50);
    mostFromNowOn();
    expect(await turns.run('other', async () => 'done')).toBe('done');
    await sleep(100);
    expect(most()).toBe(2);
    for (const row of tenRows) {
      free.add(row);
    }
    expect(await Promise.all(all)).toEqual(tenRows);
  });

  test('are tried for two seconds: then their requests fail, and those that had no turn are told why', async () => {
    const turns = open();
    const { start } = lockedRows();
    const ends = await Promise.allSettled(tenRows.map((row) => turns.run(row, start(row))));
    for (const end of ends) {
      const reason = end.status === 'rejected' ? end.reason : undefined;
      const isTold = reason instanceof Refusal && /locked/.test(JSON.stringify(reason.answer.body));
      expect(isTold || reason instanceof DatabaseError).toBe(true);
    }
  });

  test('leave half of the requests in flight to others', () => {
    jest.useFakeTimers();
    const turns = open();
    const { start } = work();
    const rows = tenRows.slice(0, 3);
    const all = rows.flatMap((row) => times(200).map(() => turns.run(row, start(0)).catch(() => undefined)));
    expect(refused).toBe(all.length - rows.length * 2 - MAX_IN_FLIGHT / 2);
  });
});
