import type { Line, SagaEvent } from '../../shared/contract/events';
import type { ItemRow } from '../../stock/src/saga/2-reserve-stock/allocation';
import {
  decideReservations,
  decideWaiting,
  itemsRunningShort,
} from '../../stock/src/saga/2-reserve-stock/decide';
import { decideSettlements } from '../../stock/src/saga/4-settle-reservation/decide';
import { linesOf, type Reservation } from '../../stock/src/saga/reservation';

/**
 * Stock in memory. It applies the three decisions to plain rows, as the SQL does to tables, so that properties of the
 * decisions can be tried over thousands of histories.
 */
export class Warehouse {
  readonly items = new Map<string, ItemRow>();
  /** In order of arrival. */
  readonly reservations = new Map<string, Reservation>();
  readonly sold: { saga_id: string; item_id: string; quantity: number }[] = [];
  readonly emitted: SagaEvent[] = [];

  constructor(stock: Record<string, number>) {
    for (const [id, available] of Object.entries(stock)) {
      this.items.set(id, { id, available });
    }
  }

  reserve(events: readonly SagaEvent<'order.checkout_requested'>[]): void {
    const wanted = new Set(events.flatMap((event) => event.data.lines.map((line) => line.item_id)));
    const rows = {
      items: this.itemsNamed(wanted),
      reservations: this.known(events),
      waitedFor: this.waiting()
        .flatMap(linesOf)
        .filter((line) => wanted.has(line.item_id)),
    };
    const reserved = this.reservedLines(itemsRunningShort(rows, events));
    const { decided, emit } = decideReservations(rows, reserved, events);
    this.apply(decided, emit);
  }

  settle(events: readonly SagaEvent<'payment.captured' | 'payment.rejected'>[]): void {
    const { settled, tombstones, sold, returned, emit } = decideSettlements(this.known(events), events);
    for (const { item_id, quantity } of returned) {
      this.item(item_id).available += quantity;
    }
    this.sold.push(...sold);
    for (const row of [...settled, ...tombstones]) {
      this.reservations.set(row.saga_id, row);
    }
    this.emitted.push(...emit);
  }

  /** Serves the sagas that wait for these items, and those that can be served as a result. */
  serve(itemIds: readonly string[]): void {
    const wantsAny = (row: Reservation, ids: ReadonlySet<string>) => row.item_ids.some((id) => ids.has(id));
    for (let pending = itemIds; pending.length > 0; ) {
      const round = new Set(pending);
      const concerned = this.waiting().filter((row) => wantsAny(row, round));
      const together = new Set(concerned.flatMap((row) => row.item_ids));
      const waiting = this.waiting().filter((row) => wantsAny(row, together));
      const { decided, emit, unsettled } = decideWaiting(
        this.itemsNamed(together),
        this.reservedLines([...together]),
        waiting,
      );
      this.apply(decided, emit);
      pending = unsettled;
    }
  }

  waiting(): Reservation[] {
    return this.inState('WAITING');
  }

  /** Returns the units of an item that undecided sagas have reserved. */
  reserved(itemId: string): number {
    const lines = this.inState('RESERVED').flatMap(linesOf);
    return lines.reduce((sum, line) => sum + (line.item_id === itemId ? line.quantity : 0), 0);
  }

  state(sagaId: string): Reservation['state'] | undefined {
    return this.reservations.get(sagaId)?.state;
  }

  private apply(decided: readonly Reservation[], emit: readonly SagaEvent[]): void {
    for (const row of decided) {
      this.reservations.set(row.saga_id, row);
      if (row.state !== 'RESERVED') {
        continue;
      }
      for (const { item_id, quantity } of linesOf(row)) {
        this.item(item_id).available -= quantity;
      }
    }
    this.emitted.push(...emit);
  }

  private reservedLines(itemIds: readonly string[]): Line[] {
    return itemIds.map((item_id) => ({ item_id, quantity: this.reserved(item_id) }));
  }

  private inState(state: Reservation['state']): Reservation[] {
    return [...this.reservations.values()].filter((row) => row.state === state);
  }

  private item(id: string): ItemRow {
    return this.items.get(id) as ItemRow;
  }

  private itemsNamed(ids: ReadonlySet<string>): ItemRow[] {
    return [...this.items.values()].filter((item) => ids.has(item.id));
  }

  private known(events: readonly SagaEvent[]): Reservation[] {
    const named = new Set(events.map((event) => event.data.saga_id));
    return [...this.reservations.values()].filter((row) => named.has(row.saga_id));
  }
}
