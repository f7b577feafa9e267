export interface Loop {
  /** Runs no more, and resolves when the run under way has ended. */
  stop(): Promise<void>;
}

/** Runs `work` again and again, `everyMs` after the last run has ended; a failure is told and changes nothing. */
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
