import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../observe/log';

export const STOP_WITHIN_MS = 10_000;
const FLUSH_WITHIN_MS = 1_000;

/**
 * Stops the parts of a process, in reverse order, when it gets SIGTERM or SIGINT. Each part has a time limit, so that
 * one that waits for an unreachable broker or database cannot keep the process from ending. A second signal ends the
 * process at once.
 */
export class Lifecycle {
  private readonly stops: (() => Promise<void>)[] = [];
  private readonly announcements: (() => void)[] = [];
  private stopping = false;

  /** @param drainDelayMs the time between announcing the stop and starting it, so that load balancers notice */
  constructor(
    private readonly log: Logger,
    private readonly drainDelayMs: number,
  ) {
    for (const signal of ['SIGTERM', 'SIGINT']) {
      process.on(signal, () => void this.stop(signal));
    }
    for (const event of ['uncaughtException', 'unhandledRejection']) {
      process.on(event, (error) => {
        // After an unexpected fault the state is unknown, so the process exits and is started again from outside.
        log.fatal({ err: error }, `${event}; exiting`);
        void this.exit(1);
      });
    }
  }

  /** Adds a part that has started, and returns it. `stop` is called when the process stops. */
  addPart<T>(part: T, stop: (part: T) => unknown, withinMs = STOP_WITHIN_MS): T {
    this.stops.unshift(async () => {
      const bound = new AbortController();
      const late = sleep(withinMs, 'late', { signal: bound.signal });
      const ended = await Promise.race([Promise.resolve(stop(part)), late]);
      if (ended === 'late') {
        this.log.warn({ within_ms: withinMs }, 'a part did not stop in time; stopping the others');
      } else {
        bound.abort();
      }
      await late.catch(() => {});
    });
    return part;
  }

  /** Calls `announce` as soon as the process is asked to stop. */
  onStopping(announce: () => void): void {
    this.announcements.push(announce);
  }

  private async stop(signal: string): Promise<void> {
    if (this.stopping) {
      process.exit(1);
    }
    this.stopping = true;
    this.log.info({ signal }, 'stopping');
    for (const announce of this.announcements) {
      announce();
    }
    await sleep(this.drainDelayMs);
    for (const stop of this.stops) {
      await stop().catch((error) =>
        this.log.error({ err: error }, 'a part failed to stop; stopping the others'),
      );
    }
    this.log.info('stopped');
    await this.exit(0);
  }

  /** Flushes the log first, but does not wait long: nothing may be reading it any more. */
  private async exit(code: number): Promise<never> {
    const flushed = new Promise<void>((resolve) => this.log.flush(() => resolve()));
    await Promise.race([flushed, sleep(FLUSH_WITHIN_MS)]);
    process.exit(code);
  }
}
