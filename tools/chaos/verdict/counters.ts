import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 2_000;

/**
 * Adds up what counters have counted, although each begins at 0 again whenever its process does. What was counted
 * since the last look at a process that is killed is missing, so the sums are lower bounds.
 */
export class Counters {
  private readonly last = new Map<string, number>();
  private readonly sums = new Map<string, number>();
  private going = true;

  constructor(
    private readonly urls: readonly URL[],
    private readonly names: readonly string[],
  ) {
    void this.watch();
  }

  sum(name: string): number {
    return this.sums.get(name) ?? 0;
  }

  async stop(): Promise<void> {
    this.going = false;
    await this.look();
  }

  private async watch(): Promise<void> {
    while (this.going) {
      await this.look();
      await sleep(EVERY_MS, undefined, { ref: false });
    }
  }

  private async look(): Promise<void> {
    await Promise.all(
      this.urls.map(async (url) => {
        try {
          const answer = await fetch(new URL('/metrics', url), { signal: AbortSignal.timeout(EVERY_MS) });
          this.add(url.port, await answer.text());
        } catch {
          // It is being broken. It is looked at again in a moment.
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
      const now = Number(value);
      const before = this.last.get(key) ?? 0;
      this.last.set(key, now);
      this.sums.set(name, (this.sums.get(name) ?? 0) + (now < before ? now : now - before));
    }
  }
}
