import type { Socket } from 'node:net';
import { setImmediate as breath, setTimeout as sleep } from 'node:timers/promises';

/** Up is from whoever dials to whoever is dialled. */
export type DirectionName = 'up' | 'down';

/** What happens to bytes on their way in one direction. */
export interface LinkConditions {
  /** How much longer every piece takes. */
  readonly delayMs?: number;
  /** Nothing arrives, and nobody is told. */
  readonly lost?: boolean;
  /** Pieces of one byte, for as long as that can be afforded. */
  readonly sliced?: boolean;
}

/** Of each piece, so many bytes travel alone; the rest follows together, because a byte at a time is dear. */
const MAX_SLICES = 256;

/** One direction of one connection. Bytes arrive in order, whatever the conditions, or not at all. */
export class Direction {
  /** Resolves when everything before has been written; absent while nothing is on its way. */
  private onTheirWay: Promise<void> | undefined;
  private gate: Promise<void> | undefined;
  private openGate: () => void = () => {};
  private onHolding: () => void = () => {};

  constructor(
    private readonly to: Socket,
    private readonly conditions: () => LinkConditions,
  ) {}

  carry(bytes: Buffer, from: Socket): void {
    const { delayMs = 0, lost, sliced } = this.conditions();
    this.onHolding();
    if (lost) {
      return;
    }
    if (delayMs === 0 && !sliced && !this.gate && !this.onTheirWay) {
      if (this.to.writable && !this.to.write(bytes)) {
        this.waitForRoom(from);
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

  /** From now on everything waits here. Resolves when something does. */
  hold(): Promise<void> {
    this.gate ??= new Promise((resolve) => {
      this.openGate = resolve;
    });
    return new Promise((resolve) => {
      this.onHolding = resolve;
    });
  }

  release(): void {
    this.gate = undefined;
    this.openGate();
  }

  private enqueue(delayMs: number, deliver: () => void | Promise<void>): void {
    const before = this.onTheirWay;
    const own = Promise.all([before, this.gate, delayMs > 0 ? sleep(delayMs) : undefined])
      .then(deliver)
      .finally(() => {
        if (this.onTheirWay === own) {
          this.onTheirWay = undefined;
        }
      });
    this.onTheirWay = own;
  }

  private write(bytes: Buffer): void {
    if (this.to.writable) {
      this.to.write(bytes);
    }
  }

  private async writeSliced(bytes: Buffer): Promise<void> {
    const single = Math.min(bytes.length, MAX_SLICES);
    for (let i = 0; i < single; i++) {
      this.write(bytes.subarray(i, i + 1));
      await breath();
    }
    if (bytes.length > single) {
      this.write(bytes.subarray(single));
    }
  }

  private waitForRoom(from: Socket): void {
    from.pause();
    this.to.once('drain', () => from.resume());
    this.to.once('close', () => from.resume());
  }
}
