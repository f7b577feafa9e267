import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Smart batching: no item waits for a batch to fill. The items that arrive while `inFlight` batches run become the next
 * batch. A lone item runs at once; under load, hundreds share a run.
 *
 * A batch costs about as much as 30 items, so a step that runs one small batch after another wastes processor time, and
 * slows down all others. So after a small batch it pauses for as long as the batch took: half of the time is left to
 * others, and the next batch is larger. See docs/decisions/0010.
 */
export interface Batcher<Item, Result> {
  /** Resolves with this item's result, or rejects with the error of its batch. */
  submit(item: Item): Promise<Result>;
  /** Resolves when each of the items has been run, or rejects with the error of the first batch that failed. */
  submitAll(items: readonly Item[]): Promise<void>;
  /** Resolves when nothing is queued or running. */
  idle(): Promise<void>;
}

/** A batch is small below this fraction of a full one. */
const SMALL = 1 / 4;
const MAX_PAUSE_MS = 10;

interface Entry<Item, Result> {
  item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * @param options.max the most items in one run
 * @param options.inFlight the most runs at a time
 * @param options.run takes the items and returns their results in the same order
 */
export function smartBatch<Item, Result>(options: {
  max: number;
  inFlight: number;
  run(items: Item[]): Promise<Result[]>;
}): Batcher<Item, Result> {
  const queue: Entry<Item, Result>[] = [];
  const onIdle: (() => void)[] = [];
  /** Batches that are running or resting. */
  let busy = 0;
  let starting = 0;

  /** Items submitted in one turn of the event loop, for instance the events of one message, go together. */
  async function start(): Promise<void> {
    starting++;
    await Promise.resolve();
    starting--;
    if (queue.length > 0) {
      await runNext();
    }
  }

  async function runNext(): Promise<void> {
    const entries = queue.splice(0, options.max);
    const began = performance.now();
    busy++;
    try {
      const results = await options.run(entries.map((entry) => entry.item));
      entries.forEach((entry, i) => {
        entry.resolve(results[i] as Result);
      });
    } catch (error) {
      for (const entry of entries) {
        entry.reject(error);
      }
    }
    if (entries.length < options.max * SMALL) {
      await sleep(Math.min(performance.now() - began, MAX_PAUSE_MS));
    }
    busy--;
    if (queue.length > 0) {
      void runNext();
    } else if (busy === 0) {
      for (const resolve of onIdle.splice(0)) {
        resolve();
      }
    }
  }

  function startIfFree(): void {
    if (busy + starting < options.inFlight) {
      void start();
    }
  }

  return {
    submit: (item) =>
      new Promise((resolve, reject) => {
        queue.push({ item, resolve, reject });
        startIfFree();
      }),
    // A promise and two closures for each of hundreds of items would be garbage at once.
    async submitAll(items) {
      if (items.length === 0) {
        return;
      }
      await new Promise<void>((resolveAll, reject) => {
        let left = items.length;
        const resolve = () => {
          left--;
          if (left === 0) {
            resolveAll();
          }
        };
        for (const item of items) {
          queue.push({ item, resolve, reject });
        }
        for (let waiting = items.length; waiting > 0; waiting -= options.max) {
          startIfFree();
        }
      });
    },
    idle: () =>
      busy === 0 && queue.length === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            onIdle.push(resolve);
          }),
  };
}
