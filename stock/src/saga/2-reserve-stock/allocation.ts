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
 * The shelves as a batch goes through its claims, first come, first served per item, all lines of a claim or none.
 *
 *     some item does not exist                                    → REJECTED (unknown_item)
 *     every line can be had behind those who wait already         → RESERVED
 *     some line wants more than is available and held together    → REJECTED (out_of_stock): no outcome can help
 *     otherwise                                                   → WAITING: what is held may come back
 *
 * A waiting claim holds nothing, so claims cannot wait for each other in a circle: once nothing is held of the items
 * of the first in the queue, it is reserved or rejected.
 */
export class Shelves {
  private readonly available: Map<string, number>;
  /** Available and held together: a claim moves units from one to the other. */
  private readonly owned = new Map<string, number>();
  /** Units wanted by those who wait, per item: they are served before whoever comes later. */
  private readonly wantedAhead = new Map<string, number>();

  /** @param held what undecided sagas hold, of every item of which somebody may be short; 0 must be said, too */
  constructor(items: readonly ItemRow[], held: readonly Line[] = []) {
    this.available = new Map(items.map(({ id, available }) => [id, available]));
    for (const { item_id, quantity } of held) {
      this.owned.set(item_id, (this.available.get(item_id) ?? 0) + quantity);
    }
  }

  has(itemId: string): boolean {
    return this.available.has(itemId);
  }

  /** Lets claims that come later stand behind this one. */
  queue(lines: readonly Line[]): void {
    for (const { item_id, quantity } of lines) {
      this.wantedAhead.set(item_id, this.ahead(item_id) + quantity);
    }
  }

  /** The items of which those who wait want more than is available. */
  short(): string[] {
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

  private ahead(itemId: string): number {
    return this.wantedAhead.get(itemId) ?? 0;
  }
  private free(itemId: string): number {
    return (this.available.get(itemId) ?? 0) - this.ahead(itemId);
  }
  private ownedOf(itemId: string): number {
    const owned = this.owned.get(itemId);
    if (owned === undefined) {
      throw new InvariantViolation(`item ${itemId} is short, and what is held of it was not read`);
    }
    return owned;
  }
}
