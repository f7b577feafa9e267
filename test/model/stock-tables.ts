import type { FailureReason } from '../../shared/contract/events';
import type { ItemRow } from '../../stock/src/saga/2-reserve-stock/allocation';
import {
  lockItems,
  lockWaiting,
  readItemsWaitedForLong,
  readItemsWaitedForTogether,
  readReservations,
  readReserved,
  readWaitedFor,
  recordReservations,
  takeItems,
} from '../../stock/src/saga/2-reserve-stock/statements';
import {
  lockReservations,
  lockReservedItems,
  readItemsWaitedFor,
  recordSales,
  recordTombstones,
  settleUndecided,
} from '../../stock/src/saga/4-settle-reservation/statements';
import { linesOf, type Reservation } from '../../stock/src/saga/reservation';
import { returnItems, settleReservations } from '../../stock/src/saga/statements';
import { commonTables, on, type Sql, Table, type Transaction } from './memory';

export interface StockEntry {
  item_id: string;
  delta: number;
  saga_id: string | null;
}

export function stockTables() {
  return {
    items: new Table<ItemRow>(),
    reservations: new Table<Reservation>((reservation) => reservation.state === 'WAITING'),
    ledger: new Table<StockEntry>(),
    ...commonTables(),
  };
}
export type StockTables = ReturnType<typeof stockTables>;

/** Returns the rows that `recordReservations` gets as columns. */
export function toReservations(columns: readonly (readonly unknown[])[]): Reservation[] {
  const list = (text: unknown) => JSON.parse(`[${String(text).slice(1, -1)}]`);
  return (columns[0] ?? []).map((_, i) => {
    const [saga_id, order_id, user_id, amount, item_ids, quantities, state, reason, traceparent] =
      columns.map((column) => column[i]) as [
        string,
        string,
        string,
        number,
        string,
        string,
        Reservation['state'],
        FailureReason | null,
        string,
      ];
    const lines = { item_ids: list(item_ids), quantities: list(quantities) };
    return { saga_id, order_id, user_id, amount, ...lines, state, reason, traceparent };
  });
}

export function stockSql({ items, reservations, ledger }: StockTables): Sql {
  function move(tx: Transaction, itemId: string, units: number): void {
    tx.update(items, itemId, (item) => ({ ...item, available: item.available + units }));
  }
  /** Reads the RESERVED rows, so that the commit detects a concurrent sale. */
  function reservedUnits(tx: Transaction, itemId: string): number {
    return reservations
      .entries()
      .filter(([, { state, item_ids }]) => state === 'RESERVED' && item_ids.includes(itemId))
      .flatMap(([sagaId]) => linesOf(tx.get(reservations, sagaId) as Reservation))
      .reduce((sum, line) => sum + (line.item_id === itemId ? line.quantity : 0), 0);
  }
  const waitingForAny = (tx: Transaction, itemIds: readonly string[]) =>
    tx.getOpen(reservations).filter((r) => r.item_ids.some((id) => itemIds.includes(id)));
  const isUndecided = ({ state }: Reservation) => state === 'RESERVED' || state === 'WAITING';
  const distinct = (itemIds: string[]) => [...new Set(itemIds)].map((item_id) => ({ item_id }));

  return {
    ...on(takeItems, (tx, json: string) => {
      const asked: Record<string, number> = JSON.parse(json);
      const before = tx.getAll(items, Object.keys(asked));
      for (const { id, available } of before) {
        move(tx, id, -Math.min(available, asked[id] as number));
      }
      return before;
    }),
    ...on(lockItems, (tx, ids: string[]) => tx.getAll(items, ids)),
    ...on(readReservations, (tx, sagaIds: string[]) => tx.getAll(reservations, sagaIds)),
    ...on(readWaitedFor, (tx, itemIds: string[]) => {
      const wanted = new Map<string, number>();
      for (const line of waitingForAny(tx, itemIds).flatMap(linesOf)) {
        if (itemIds.includes(line.item_id)) {
          wanted.set(line.item_id, (wanted.get(line.item_id) ?? 0) + line.quantity);
        }
      }
      return [...wanted].map(([item_id, quantity]) => ({ item_id, quantity }));
    }),
    ...on(readReserved, (tx, itemIds: string[]) =>
      itemIds.map((item_id) => ({ item_id, quantity: reservedUnits(tx, item_id) })),
    ),
    ...on(recordReservations, (tx, ...columns: unknown[][]) => {
      for (const reservation of toReservations(columns)) {
        tx.insert(reservations, reservation.saga_id, reservation);
      }
      return undefined;
    }),
    ...on(readItemsWaitedForTogether, (tx, itemIds: string[]) =>
      distinct(waitingForAny(tx, itemIds).flatMap((r) => r.item_ids)),
    ),
    ...on(lockWaiting, waitingForAny),
    ...on(readItemsWaitedForLong, (tx) => distinct(tx.getOpen(reservations).flatMap((r) => r.item_ids))),

    ...on(lockReservedItems, () => undefined),
    ...on(settleUndecided, (tx, json: string) => {
      const reasons: Record<string, FailureReason | null> = JSON.parse(json);
      const undecided = tx.getAll(reservations, Object.keys(reasons)).filter(isUndecided);
      for (const reservation of undecided) {
        const reason = reasons[reservation.saga_id] ?? null;
        const state = reason === null ? 'COMMITTED' : 'RELEASED';
        tx.put(reservations, reservation.saga_id, { ...reservation, state, reason });
      }
      return undecided;
    }),
    ...on(lockReservations, (tx, sagaIds: string[]) => tx.getAll(reservations, sagaIds)),
    ...on(settleReservations, (tx, json: string) => {
      const settled: Record<string, Pick<Reservation, 'state' | 'reason'>> = JSON.parse(json);
      for (const [sagaId, change] of Object.entries(settled)) {
        tx.update(reservations, sagaId, (reservation) => ({ ...reservation, ...change }));
      }
      return undefined;
    }),
    ...on(
      recordTombstones,
      (tx, ...columns: [string[], string[], string[], number[], string[], string[]]) => {
        const [sagaIds, orderIds, userIds, amounts, reasons, traceparents] = columns;
        for (const [i, saga_id] of sagaIds.entries()) {
          tx.insert(reservations, saga_id, {
            saga_id,
            order_id: orderIds[i] as string,
            user_id: userIds[i] as string,
            amount: amounts[i] as number,
            item_ids: [],
            quantities: [],
            state: 'RELEASED',
            reason: reasons[i] as FailureReason,
            traceparent: traceparents[i] as string,
          });
        }
        return undefined;
      },
    ),
    ...on(recordSales, (tx, sagaIds: string[], itemIds: string[], quantities: number[]) => {
      for (const [i, item_id] of itemIds.entries()) {
        const saga_id = sagaIds[i] as string;
        tx.put(ledger, `${saga_id}/${item_id}`, { item_id, delta: -(quantities[i] as number), saga_id });
      }
      return undefined;
    }),
    ...on(returnItems, (tx, json: string) => {
      for (const [id, units] of Object.entries<number>(JSON.parse(json))) {
        move(tx, id, units);
      }
      return undefined;
    }),
    ...on(readItemsWaitedFor, (tx, itemIds: string[]) =>
      distinct(waitingForAny(tx, itemIds).flatMap((r) => r.item_ids.filter((id) => itemIds.includes(id)))),
    ),
    http_lock_item: (tx, id: string) => tx.getAll(items, [id]),
    http_read_held: (tx, id: string) => [{ reserved: reservedUnits(tx, id) }],
    http_change_stock: (tx, item_id: string, delta: number) => {
      move(tx, item_id, delta);
      tx.put(ledger, `change/${ledger.size}`, { item_id, delta, saga_id: null });
      return undefined;
    },
  };
}
