import type { SagaEvent } from '../../shared/contract/events';
import type { Random } from '../../tools/chaos/random';
import { checkoutQueues, type Rules } from './world';

/** A message on its way to one queue. */
export interface QueuedMessage {
  readonly queue: string;
  readonly events: readonly SagaEvent[];
}

/** How many past messages are kept, so that they may be delivered once more, much later. */
const MAX_PAST = 500;

/** The broker. It keeps unacked messages, and guarantees neither order nor that a message is delivered only once. */
export class Broker {
  private readonly queued = new Map<string, QueuedMessage[]>(checkoutQueues.map((queue) => [queue, []]));
  private readonly past: QueuedMessage[] = [];

  constructor(
    private readonly rules: Rules,
    private readonly random: Random,
  ) {}

  publish(events: readonly SagaEvent[]): void {
    const routed = events.flatMap((event) => this.rules.route(event));
    for (const queue of new Set(routed.map((route) => route.queue))) {
      const message = {
        queue,
        events: routed.flatMap((route) => (route.queue === queue ? route.event : [])),
      };
      this.put(message);
      if (this.past.length < MAX_PAST) {
        this.past.push(message);
      } else {
        this.past[this.random.between(0, MAX_PAST - 1)] = message;
      }
    }
  }

  put(message: QueuedMessage): void {
    this.queued.get(message.queue)?.push(message);
  }

  /** Takes up to `most` messages from random places in a queue. */
  take(queue: string, most: number): QueuedMessage[] {
    const messages = this.queued.get(queue) ?? [];
    return Array.from({ length: Math.min(most, messages.length) }, () => this.random.take(messages));
  }

  /** A message is lost for good. */
  lose(queue: string): void {
    this.take(queue, 1);
  }
  /** Somebody deletes all messages of a queue, or the queue itself. */
  purge(queue: string): void {
    this.queued.get(queue)?.splice(0);
  }

  redeliverPast(): void {
    if (this.past.length > 0) {
      this.put(this.random.pick(this.past));
    }
  }

  get size(): number {
    return [...this.queued.values()].reduce((sum, messages) => sum + messages.length, 0);
  }
}
