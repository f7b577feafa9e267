import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Smart batching: nothing waits for a batch to fill. While `inFlight` batches are being run, whatever arrives is the next
 * one. A lone item is run at once; under load each run is shared by hundreds.
 *
 * A batch costs about as much as 30 items, so that a step which runs one small batch after the other keeps the processors
 * busy with little to show for it, and all the others slow. After a small batch it therefore rests, for as long as the
 * batch took: half of the time is left to others, and the next batch is larger. See docs/decisions/0010.
 */
export interface Batcher<Item, Result> {
  /** Resolves with this item's result, or rejects with what made its batch fail. */
  submit(item: Item): Promise<Result>;
  /** Resolves when nothing is queued or running. */
  idle(): Promise<void>;
}

/** The part of a full batch below which one is small. */
const SMALL = 1 / 4;
const REST_AT_MOST_MS = 10;

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
  /** Batches that are being run, or rested from. */
  let busy = 0;
  let starting = 0;

  /** What one turn of the event loop submits, the events of one message for instance, goes together. */
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
      await sleep(Math.min(performance.now() - began, REST_AT_MOST_MS));
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

  return {
    submit: (item) =>
      new Promise((resolve, reject) => {
        queue.push({ item, resolve, reject });
        if (busy + starting < options.inFlight) {
          void start();
        }
      }),
    idle: () =>
      busy === 0 && queue.length === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            onIdle.push(resolve);
          }),
  };
}
