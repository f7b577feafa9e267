import { queues, type SagaEvent } from '../../shared/contract/events';
import type { Random } from '../../tools/chaos/random';
import type { Rules } from './world';

/** A batch of events on its way to one queue. */
export interface Parcel {
  readonly queue: string;
  readonly events: readonly SagaEvent[];
}

/** How many of the last parcels may come once more, much later. */
const REMEMBERED = 500;

/** The broker: it keeps what is not acknowledged, and promises neither order nor that anything comes once only. */
export class Bus {
  private readonly waiting = new Map<string, Parcel[]>(queues.map((queue) => [queue, []]));
  private readonly past: Parcel[] = [];

  constructor(
    private readonly rules: Rules,
    private readonly random: Random,
  ) {}

  publish(events: readonly SagaEvent[]): void {
    const heard = events.flatMap((event) => this.rules.hear(event));
    for (const queue of new Set(heard.map((one) => one.queue))) {
      const parcel = { queue, events: heard.flatMap((one) => (one.queue === queue ? one.event : [])) };
      this.put(parcel);
      if (this.past.length < REMEMBERED) {
        this.past.push(parcel);
      } else {
        this.past[this.random.between(0, REMEMBERED - 1)] = parcel;
      }
    }
  }

  put(parcel: Parcel): void {
    this.waiting.get(parcel.queue)?.push(parcel);
  }

  /** Some of what waits in a queue, from anywhere in it. */
  take(queue: string, most: number): Parcel[] {
    const parcels = this.waiting.get(queue) ?? [];
    return Array.from({ length: Math.min(most, parcels.length) }, () => this.random.take(parcels));
  }

  repeatSomething(): void {
    if (this.past.length > 0) {
      this.put(this.random.pick(this.past));
    }
  }

  get size(): number {
    return [...this.waiting.values()].reduce((sum, parcels) => sum + parcels.length, 0);
  }
}
