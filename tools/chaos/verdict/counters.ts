import { setTimeout as sleep } from 'node:timers/promises';

const SCRAPE_EVERY_MS = 2_000;

/**
 * Sums counters across restarts of their processes, each of which starts again at 0. What a killed process counted
 * after the last scrape is missing, so the sums are lower bounds.
 */
export class Counters {
  private readonly last = new Map<string, number>();
  private readonly sums = new Map<string, number>();
  private isRunning = true;

  constructor(
    private readonly urls: readonly URL[],
    private readonly names: readonly string[],
  ) {
    void this.scrapeRepeatedly();
  }

  sum(name: string): number {
    return this.sums.get(name) ?? 0;
  }

  async stop(): Promise<void> {
    this.isRunning = false;
    await this.scrape();
  }

  private async scrapeRepeatedly(): Promise<void> {
    while (this.isRunning) {
      await this.scrape();
      await sleep(SCRAPE_EVERY_MS, undefined, { ref: false });
    }
  }

  private async scrape(): Promise<void> {
    await Promise.all(
      this.urls.map(async (url) => {
        try {
          const answer = await fetch(new URL('/metrics', url), {
            signal: AbortSignal.timeout(SCRAPE_EVERY_MS),
          });
          this.add(url.port, await answer.text());
        } catch {
          // A fault is active on this process. The next scrape tries again.
        }
      }),
    );
  }

  private add(source: string, text: string): void {
    for (const [, series = '', name = '', value] of text.matchAll(/^((\w+)(?:\{[^}]*\})?) ([\d.e+]+)$/gm)) {
      if (!this.names.includes(name)) {
        continue;
      }
      const key = `${source} ${series}`;
      const current = Number(value);
      const previous = this.last.get(key) ?? 0;
      this.last.set(key, current);
      const increase = current < previous ? current : current - previous;
      this.sums.set(name, (this.sums.get(name) ?? 0) + increase);
    }
  }
}
