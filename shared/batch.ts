/**
 * Smart batching: nothing waits for a batch to fill, and there is no timer. While `inFlight` batches are being
 * run, whatever arrives is the next one. A lone item is run at once; under load each run is shared by hundreds.
 */
export interface Batcher<Item, Result> {
  /** Resolves with this item's result, or rejects with what made its batch fail. */
  submit(item: Item): Promise<Result>;
  /** Resolves when nothing is queued or running. */
  idle(): Promise<void>;
}

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
  let running = 0;
  let starting = 0;

  /** What one turn of the event loop submits, the events of one message for instance, goes together. */
  async function start(): Promise<void> {
    starting++;
    await Promise.resolve();
    starting--;
    if (queue.length > 0) await runNext();
  }

  async function runNext(): Promise<void> {
    const entries = queue.splice(0, options.max);
    running++;
    try {
      const results = await options.run(entries.map((entry) => entry.item));
      entries.forEach((entry, i) => {
        entry.resolve(results[i] as Result);
      });
    } catch (error) {
      for (const entry of entries) entry.reject(error);
    } finally {
      running--;
      if (queue.length > 0) void runNext();
      else if (running === 0) for (const resolve of onIdle.splice(0)) resolve();
    }
  }

  return {
    submit: (item) =>
      new Promise((resolve, reject) => {
        queue.push({ item, resolve, reject });
        if (running + starting < options.inFlight) void start();
      }),
    idle: () =>
      running === 0 && queue.length === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            onIdle.push(resolve);
          }),
  };
}
