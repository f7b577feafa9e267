import { smartBatch } from '../../shared/service/batch';

/** Rests that have started. They end when the test ends them. */
const mockRests: { ms: number; end(): void }[] = [];
jest.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) =>
    new Promise<void>((resolve) => {
      mockRests.push({ ms, end: resolve });
    }),
}));
beforeEach(() => mockRests.splice(0));

/** A batcher whose runs end when the test ends them. */
function stepwise(options: { max: number; inFlight: number }) {
  const runs: { items: number[]; end(error?: Error): Promise<void> }[] = [];
  const batcher = smartBatch<number, string>({
    ...options,
    run: (items) =>
      new Promise((resolve, reject) => {
        runs.push({
          items,
          async end(error) {
            if (error) {
              reject(error);
            } else {
              resolve(items.map((item) => `result ${item}`));
            }
            await settled();
          },
        });
      }),
  });
  return { ...batcher, runs };
}

/** Waits until everything that is due has happened. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

async function endRest(): Promise<void> {
  mockRests.shift()?.end();
  await settled();
}

test('runs a lone item at once', async () => {
  const { submit, runs } = stepwise({ max: 10, inFlight: 1 });
  const result = submit(1);
  await settled();
  expect(runs.map((run) => run.items)).toEqual([[1]]);
  await runs[0]?.end();
  expect(await result).toBe('result 1');
});

test('makes the next batch of the items that arrive while batches run, in order of arrival', async () => {
  const { submit, runs } = stepwise({ max: 10, inFlight: 1 });
  const results = [submit(1)];
  await settled();
  results.push(submit(2), submit(3), submit(4));
  await settled();
  expect(runs).toHaveLength(1);
  await runs[0]?.end();
  await endRest();
  expect(runs[1]?.items).toEqual([2, 3, 4]);
  await runs[1]?.end();
  expect(await Promise.all(results)).toEqual([1, 2, 3, 4].map((item) => `result ${item}`));
});

test('runs the items that arrive during the rest after a small batch together', async () => {
  const { submit, runs } = stepwise({ max: 8, inFlight: 1 });
  void submit(1);
  await settled();
  await runs[0]?.end();
  void submit(2);
  await settled();
  void submit(3);
  await settled();
  expect(runs).toHaveLength(1);
  await endRest();
  expect(runs[1]?.items).toEqual([2, 3]);
});

test('rests for as long as the batch took, and at most 10 ms', async () => {
  const { submit, runs } = stepwise({ max: 8, inFlight: 1 });
  void submit(1);
  await settled();
  const began = performance.now();
  while (performance.now() < began + 20) {
    await settled();
  }
  await runs[0]?.end();
  expect(mockRests).toMatchObject([{ ms: 10 }]);
  await endRest();
  const submitted = performance.now();
  void submit(2);
  await settled();
  await runs[1]?.end();
  expect(mockRests[0]?.ms).toBeLessThanOrEqual(performance.now() - submitted);
});

test('runs the next batch at once after one that is large enough', async () => {
  const { submit, runs } = stepwise({ max: 8, inFlight: 1 });
  void submit(1);
  void submit(2);
  await settled();
  void submit(3);
  await runs[0]?.end();
  expect(runs[1]?.items).toEqual([3]);
  expect(mockRests).toEqual([]);
});

test('runs no larger batch, and no more batches at a time, than configured', async () => {
  const { submit, runs } = stepwise({ max: 3, inFlight: 2 });
  for (let item = 0; item < 20; item++) {
    void submit(item);
  }
  await settled();
  expect(runs).toHaveLength(2);
  for (let ended = 0; ended < runs.length; ended++) {
    expect(runs.length - ended).toBeLessThanOrEqual(2);
    expect(runs[ended]?.items.length).toBeLessThanOrEqual(3);
    await runs[ended]?.end();
  }
  expect(runs.flatMap((run) => run.items)).toEqual(Array.from({ length: 20 }, (_, item) => item));
});

test('rejects only the items of a batch that fails, and runs the next one', async () => {
  const { submit, runs } = stepwise({ max: 10, inFlight: 1 });
  const first = submit(1);
  await settled();
  const next = submit(2);
  const failed = expect(first).rejects.toThrow('broken');
  await runs[0]?.end(new Error('broken'));
  await failed;
  await endRest();
  await runs[1]?.end();
  expect(await next).toBe('result 2');
});

test('runs items that were submitted together in as many batches as it takes, and resolves after the last', async () => {
  const { submitAll, runs } = stepwise({ max: 3, inFlight: 2 });
  let isDone = false;
  const all = submitAll([1, 2, 3, 4, 5, 6, 7]).then(() => {
    isDone = true;
  });
  await settled();
  expect(runs.map((run) => run.items)).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  await runs[0]?.end();
  await runs[1]?.end();
  expect(runs[2]?.items).toEqual([7]);
  expect(isDone).toBe(false);
  await runs[2]?.end();
  await all;
  await submitAll([]);
});

test('rejects items that were submitted together when one of their batches fails, and runs the others', async () => {
  const { submitAll, runs } = stepwise({ max: 2, inFlight: 1 });
  const failed = expect(submitAll([1, 2, 3])).rejects.toThrow('broken');
  await settled();
  await runs[0]?.end(new Error('broken'));
  await failed;
  expect(runs[1]?.items).toEqual([3]);
  await runs[1]?.end();
});

test('is idle when nothing is queued or running, and not before', async () => {
  const { submit, idle, runs } = stepwise({ max: 1, inFlight: 1 });
  await idle();
  void submit(1);
  void submit(2);
  let over = false;
  const ended = idle().then(() => {
    over = true;
  });
  await settled();
  await runs[0]?.end();
  expect(over).toBe(false);
  await runs[1]?.end();
  await ended;
});
