import { createHistogram, encode, record } from './histogram';
import type { LoadResult } from './protocol';

/** Counts the answers of a load run: all of them, and those in the measured part. */
export class Measurement {
  private readonly histogram = createHistogram();
  private readonly answers: Record<string, number> = {};
  private readonly allAnswers: Record<string, number> = {};
  private readonly everySecond: number[] = [];
  private began = Number.POSITIVE_INFINITY;
  private ended = Number.POSITIVE_INFINITY;

  begin(): void {
    this.began = performance.now();
  }

  end(): void {
    this.ended = Math.min(this.ended, performance.now());
  }

  get hasAnswers(): boolean {
    return this.everySecond.length > 0;
  }

  includes(time: number): boolean {
    return time >= this.began && time < this.ended;
  }

  countAnswer(answer: string): void {
    const now = performance.now();
    this.allAnswers[answer] = (this.allAnswers[answer] ?? 0) + 1;
    if (!this.includes(now)) {
      return;
    }
    this.answers[answer] = (this.answers[answer] ?? 0) + 1;
    const second = Math.floor((now - this.began) / 1_000);
    while (this.everySecond.length <= second) {
      this.everySecond.push(0);
    }
    this.everySecond[second] = (this.everySecond[second] ?? 0) + 1;
  }

  recordLatency(ms: number): void {
    record(this.histogram, ms);
  }

  result(used: number, bytes: LoadResult['bytes']): LoadResult {
    return {
      seconds: (this.ended - this.began) / 1_000,
      used,
      bytes,
      answers: this.answers,
      allAnswers: this.allAnswers,
      everySecond: this.everySecond,
      histogram: encode(this.histogram),
    };
  }
}
