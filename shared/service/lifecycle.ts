import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../observe/log';

export const STOP_WITHIN_MS = 10_000;
const FLUSH_WITHIN_MS = 1_000;

/**
 * What a process has started, stopped in reverse when SIGTERM or SIGINT asks for it. Each part has a bound: one that
 * waits for a broker or a database that has gone must not keep the process from ending. A second signal ends it at once.
 */
export class Lifecycle {
  private readonly stops: (() => Promise<void>)[] = [];
  private readonly announcements: (() => void)[] = [];
  private stopping = false;

  /** @param drainDelayMs between announcing the stop and beginning it, so that others learn of it */
  constructor(
    private readonly log: Logger,
    private readonly drainDelayMs: number,
  ) {
    for (const signal of ['SIGTERM', 'SIGINT']) {
      process.on(signal, () => void this.stop(signal));
    }
    for (const event of ['uncaughtException', 'unhandledRejection']) {
      process.on(event, (error) => {
        // A fault that nobody expected leaves a state that nobody knows: end, and be started again.
        log.fatal({ err: error }, `${event}: the process ends`);
        void this.exit(1);
      });
    }
  }

  started<T>(part: T, stop: (part: T) => unknown, withinMs = STOP_WITHIN_MS): T {
    this.stops.unshift(async () => {
      const bound = new AbortController();
      const late = sleep(withinMs, 'late', { signal: bound.signal });
      const ended = await Promise.race([Promise.resolve(stop(part)), late]);
      if (ended === 'late') {
        this.log.warn({ within_ms: withinMs }, 'a part did not stop in time; going on without it');
      } else {
        bound.abort();
      }
      await late.catch(() => {});
    });
    return part;
  }

  /** Called as soon as the process is asked to stop. */
  whenStopping(announce: () => void): void {
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
      await stop().catch((error) => this.log.error({ err: error }, 'a part could not be stopped in order'));
    }
    this.log.info('stopped');
    await this.exit(0);
  }

  /** The log is flushed first, unless nobody reads it any more. */
  private async exit(code: number): Promise<never> {
    const flushed = new Promise<void>((resolve) => this.log.flush(() => resolve()));
    await Promise.race([flushed, sleep(FLUSH_WITHIN_MS)]);
    process.exit(code);
  }
}
