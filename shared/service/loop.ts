export interface Loop {
  /** Starts no more runs, and resolves when the current run has ended. */
  stop(): Promise<void>;
}

/** Runs `work` repeatedly, `everyMs` after the last run has ended. A failure goes to `onError`; the loop continues. */
export function repeat(
  everyMs: number,
  work: () => Promise<unknown>,
  onError: (error: unknown) => void,
): Loop {
  let stopped = false;
  let timer = setTimeout(run, everyMs);
  let running: Promise<unknown> = Promise.resolve();

  function run(): void {
    running = work()
      .catch(onError)
      .finally(() => {
        if (!stopped) {
          timer = setTimeout(run, everyMs);
        }
      });
  }

  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
