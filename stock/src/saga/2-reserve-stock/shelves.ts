import type { FailureReason, Line } from '../../../../shared/contract/events';

export interface ItemRow {
  id: string;
  available: number;
  held: number;
}

export type Verdict =
  | { state: 'RESERVED' | 'WAITING'; reason: null }
  | { state: 'REJECTED'; reason: FailureReason };

/**
 * The shelves as a batch goes through its claims, first come, first served per item, all lines of a claim or none.
 *
 *     some item does not exist                                    → REJECTED (unknown_item)
 *     some line wants more than is available and held together    → REJECTED (out_of_stock): no outcome can help
 *     every line can be had behind those who wait already         → RESERVED
 *     otherwise                                                   → WAITING: what is held may come back
 *
 * A waiting claim holds nothing, so claims cannot wait for each other in a circle: once nothing is held of the items
 * of the first in the queue, it is reserved or rejected.
 */
export class Shelves {
  private readonly items: Map<string, ItemRow>;
  /** Units wanted by those who wait, per item: they are served before whoever comes later. */
  private readonly wantedAhead = new Map<string, number>();

  constructor(items: readonly ItemRow[]) {
    this.items = new Map(items.map((item) => [item.id, { ...item }]));
  }

  has(itemId: string): boolean {
    return this.items.has(itemId);
  }

  /** Lets claims that come later stand behind this one. */
  queue(lines: readonly Line[]): void {
    for (const { item_id, quantity } of lines) this.wantedAhead.set(item_id, this.ahead(item_id) + quantity);
  }

  claim(lines: readonly Line[]): Verdict {
    if (!lines.every((line) => this.has(line.item_id))) return { state: 'REJECTED', reason: 'unknown_item' };
    if (lines.some((line) => this.owned(line.item_id) < line.quantity))
      return { state: 'REJECTED', reason: 'out_of_stock' };
    if (lines.some((line) => this.free(line.item_id) < line.quantity)) {
      this.queue(lines);
      return { state: 'WAITING', reason: null };
    }
    for (const { item_id, quantity } of lines) {
      const item = this.items.get(item_id) as ItemRow;
      item.available -= quantity;
      item.held += quantity;
    }
    return { state: 'RESERVED', reason: null };
  }

  private ahead(itemId: string): number {
    return this.wantedAhead.get(itemId) ?? 0;
  }
  private free(itemId: string): number {
    return (this.items.get(itemId)?.available ?? 0) - this.ahead(itemId);
  }
  private owned(itemId: string): number {
    const item = this.items.get(itemId);
    return item ? item.available + item.held : 0;
  }
}
