import type { Socket } from 'node:net';
import { setTimeout as sleep, setImmediate as yieldToIO } from 'node:timers/promises';

/** Up is from the side that opened the connection to the side that accepted it. */
export type DirectionName = 'up' | 'down';

/** What happens to bytes on their way in one direction. */
export interface LinkConditions {
  /** The delay that is added to every chunk. */
  readonly delayMs?: number;
  /** Bytes are dropped silently. */
  readonly drop?: boolean;
  /** Each chunk is cut into single bytes, up to a limit. */
  readonly sliced?: boolean;
}

/** This many bytes of each chunk travel one by one; the rest follows in one piece, because single bytes are expensive. */
const MAX_SLICES = 256;

/** One direction of one connection. Whatever the conditions, bytes arrive in order or not at all. */
export class Direction {
  /** Resolves when everything before has been written; absent while nothing is on its way. */
  private pending: Promise<void> | undefined;
  /** While the direction is paused, resolves when it is resumed. */
  private resumed: Promise<void> | undefined;
  private resolveResumed: () => void = () => {};
  private onBytes: () => void = () => {};

  constructor(
    private readonly to: Socket,
    private readonly conditions: () => LinkConditions,
  ) {}

  carry(bytes: Buffer, from: Socket): void {
    const { delayMs = 0, drop, sliced } = this.conditions();
    this.onBytes();
    if (drop) {
      return;
    }
    if (delayMs === 0 && !sliced && !this.resumed && !this.pending) {
      if (this.to.writable && !this.to.write(bytes)) {
        this.waitForDrain(from);
      }
      return;
    }
    this.enqueue(delayMs, () => (sliced ? this.writeSliced(bytes) : this.write(bytes)));
  }

  end(): void {
    this.enqueue(0, () => {
      if (this.to.writable) {
        this.to.end();
      }
    });
  }

  /** Makes all bytes wait here until `resume`. Resolves when the next bytes come. */
  pause(): Promise<void> {
    this.resumed ??= new Promise((resolve) => {
      this.resolveResumed = resolve;
    });
    return new Promise((resolve) => {
      this.onBytes = resolve;
    });
  }

  resume(): void {
    this.resumed = undefined;
    this.resolveResumed();
  }

  private enqueue(delayMs: number, deliver: () => void | Promise<void>): void {
    const before = this.pending;
    const own = Promise.all([before, this.resumed, delayMs > 0 ? sleep(delayMs) : undefined])
      .then(deliver)
      .finally(() => {
        if (this.pending === own) {
          this.pending = undefined;
        }
      });
    this.pending = own;
  }

  private write(bytes: Buffer): void {
    if (this.to.writable) {
      this.to.write(bytes);
    }
  }

  private async writeSliced(bytes: Buffer): Promise<void> {
    const slices = Math.min(bytes.length, MAX_SLICES);
    for (let i = 0; i < slices; i++) {
      this.write(bytes.subarray(i, i + 1));
      await yieldToIO();
    }
    if (bytes.length > slices) {
      this.write(bytes.subarray(slices));
    }
  }

  private waitForDrain(from: Socket): void {
    from.pause();
    this.to.once('drain', () => from.resume());
    this.to.once('close', () => from.resume());
  }
}
