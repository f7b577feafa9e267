import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A seeded random number generator: the same seed makes the same choices. */
export class Random {
  private readonly generator;

  constructor(seed: number) {
    this.generator = xoroshiro128plus(seed);
  }

  /** Returns a whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return uniformInt(this.generator, least, most);
  }
  chance(probability: number): boolean {
    return this.between(0, 999_999) < probability * 1_000_000;
  }
  pick<T>(from: readonly T[]): T {
    return from[this.between(0, from.length - 1)] as T;
  }
  /** Removes a random element and returns it. The order of the others changes. */
  take<T>(from: T[]): T {
    const at = this.between(0, from.length - 1);
    const taken = from[at] as T;
    from[at] = from[from.length - 1] as T;
    from.pop();
    return taken;
  }
}
