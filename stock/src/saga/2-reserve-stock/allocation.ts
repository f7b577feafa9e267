import type { FailureReason, Line } from '../../../../shared/contract/events';
import { InvariantViolation } from '../../../../shared/errors';

export interface ItemRow {
  id: string;
  available: number;
}

export type Verdict =
  | { state: 'RESERVED' | 'WAITING'; reason: null }
  | { state: 'REJECTED'; reason: FailureReason };

/**
 * Serves the claims of a batch from the available units: first come, first served per item, and all lines of a claim
 * or none.
 *
 *     some item does not exist                                     REJECTED (unknown_item)
 *     every line finds enough units after the claims that wait     RESERVED
 *     some line wants more than available and reserved together    REJECTED (out_of_stock): no saga's outcome can help
 *     otherwise                                                    WAITING: reserved units may come back
 *
 * A waiting claim reserves nothing, so claims cannot wait for each other in a circle: once no units of its items are
 * reserved, the first claim in the queue is reserved or rejected.
 */
export class Allocation {
  private readonly available: Map<string, number>;
  /** Available and reserved units together: a claim moves units from one to the other. */
  private readonly owned = new Map<string, number>();
  /** Units that waiting claims want, by item: those claims are served before any later one. */
  private readonly wantedAhead = new Map<string, number>();

  /** @param reserved the units that undecided sagas have reserved, for every item that may be short; include zeros */
  constructor(items: readonly ItemRow[], reserved: readonly Line[] = []) {
    this.available = new Map(items.map(({ id, available }) => [id, available]));
    for (const { item_id, quantity } of reserved) {
      this.owned.set(item_id, (this.available.get(item_id) ?? 0) + quantity);
    }
  }

  has(itemId: string): boolean {
    return this.available.has(itemId);
  }

  /** Puts a claim on these lines ahead of all later claims. */
  queue(lines: readonly Line[]): void {
    for (const { item_id, quantity } of lines) {
      this.wantedAhead.set(item_id, this.wantedAheadOf(item_id) + quantity);
    }
  }

  /** Returns the items that are short: the queued claims want more units than are available. */
  shortItems(): string[] {
    return [...this.available.keys()].filter((itemId) => this.free(itemId) < 0);
  }

  claim(lines: readonly Line[]): Verdict {
    if (!lines.every((line) => this.has(line.item_id))) {
      return { state: 'REJECTED', reason: 'unknown_item' };
    }
    const short = lines.filter((line) => this.free(line.item_id) < line.quantity);
    if (short.some((line) => this.ownedOf(line.item_id) < line.quantity)) {
      return { state: 'REJECTED', reason: 'out_of_stock' };
    }
    if (short.length > 0) {
      this.queue(lines);
      return { state: 'WAITING', reason: null };
    }
    for (const { item_id, quantity } of lines) {
      this.available.set(item_id, (this.available.get(item_id) ?? 0) - quantity);
    }
    return { state: 'RESERVED', reason: null };
  }

  private wantedAheadOf(itemId: string): number {
    return this.wantedAhead.get(itemId) ?? 0;
  }
  private free(itemId: string): number {
    return (this.available.get(itemId) ?? 0) - this.wantedAheadOf(itemId);
  }
  private ownedOf(itemId: string): number {
    const owned = this.owned.get(itemId);
    if (owned === undefined) {
      throw new InvariantViolation(`item ${itemId} is short, but its reserved units were not read`);
    }
    return owned;
  }
}
