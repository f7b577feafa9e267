import { sumByKey } from '../../../../shared/amounts';
import type { SagaEvent } from '../../../../shared/contract/events';
import { blockedBy, namesOf } from '../../../../shared/inbox/blocked';
import type { Step } from '../../../../shared/inbox/step';
import { asJson, columns } from '../../../../shared/postgres/statement';
import type { Tx } from '../../../../shared/postgres/tx';
import { unitsOf } from '../reservation';
import { findLockedItems, returnItems, settleReservations, statesOf } from '../statements';
import { decideSettlements, firstReasons, type SettlementDecisions } from './decide';
import {
  findLockedReservations,
  lockReservations,
  lockReservedItems,
  readItemsOf,
  readItemsWaitedFor,
  recordSales,
  recordTombstones,
  settleUndecided,
} from './statements';

/** What was done. */
export interface Settled {
  /** The number of compensations. */
  readonly compensated: number;
  /** Items of which units can be sold again. */
  readonly returned: readonly string[];
  /** Items that sagas wait for. */
  readonly waitedFor: readonly string[];
  /** Sagas that were sold, and that payment has forgotten. */
  readonly forgotten: readonly string[];
}

/**
 * Step 4 sells reserved units or releases them.
 * @param onSettled called after the commit
 */
export function settleReservation(onSettled: (settled: Settled) => void): Step {
  return {
    queue: 'stock.settle',
    lockedRows: { items: 'id', reservations: 'saga_id' },
    async run(tx, events) {
      const reasons = firstReasons(events);
      // A sale does not change its items, so it does not lock them. But a rejected saga may have been waiting,
      // and its place in the queue decides what others get.
      const rejected = rejectedBy(events);
      const [, undecided] = await Promise.all([
        rejected.length > 0 && tx.run(lockReservedItems, [rejected]),
        tx.run(settleUndecided, [asJson(reasons)]),
      ]);
      const written = new Set(undecided.map((reservation) => reservation.saga_id));
      const missing = [...reasons.keys()].filter((sagaId) => !written.has(sagaId));
      const others = missing.length > 0 ? await tx.run(lockReservations, [missing]) : [];

      const decisions = decideSettlements([...undecided, ...others], events);
      const { settled, emit, duplicates, compensated, forgotten } = decisions;
      const unwritten = settled.filter((reservation) => !written.has(reservation.saga_id));
      if (unwritten.length > 0) {
        tx.send(settleReservations, [statesOf(unwritten)]);
      }
      write(tx, decisions);
      // Not awaited here: it is sent together with COMMIT, and the transaction fails if this does.
      const waitedFor = tx.run(readItemsWaitedFor, [settled.flatMap((reservation) => reservation.item_ids)]);
      waitedFor.catch(() => {});
      return {
        emit,
        duplicates,
        afterCommit: async () =>
          onSettled({
            compensated,
            returned: decisions.returned.map((line) => line.item_id),
            waitedFor: (await waitedFor).map((row) => row.item_id),
            forgotten,
          }),
      };
    },

    async findBlocked(tx, events) {
      const sagaIds = events.map((event) => event.data.saga_id);
      const itemsOf = new Map(
        (await tx.run(readItemsOf, [rejectedBy(events)])).map((row) => [row.saga_id, row.item_ids]),
      );
      const [items, reservations] = await Promise.all([
        tx.run(findLockedItems, [[...new Set([...itemsOf.values()].flat())]]),
        tx.run(findLockedReservations, [sagaIds]),
      ]);
      const locked = new Map([...namesOf('items', items), ...namesOf('reservations', reservations)]);
      return blockedBy(
        events,
        ({ type, data: { saga_id } }) => [
          saga_id,
          ...(type === 'payment.rejected' ? (itemsOf.get(saga_id) ?? []) : []),
        ],
        locked,
      );
    },
  };
}

/** The sagas whose units go back to their items, if they have any. */
function rejectedBy(events: readonly SagaEvent[]): string[] {
  return events.flatMap(({ type, data }) => (type === 'payment.rejected' ? data.saga_id : []));
}

function write(tx: Tx, { tombstones, sold, returned }: SettlementDecisions): void {
  if (sold.length > 0) {
    tx.send(recordSales, columns(sold, 'saga_id', 'item_id', 'quantity'));
  }
  if (returned.length > 0) {
    tx.send(returnItems, [asJson(sumByKey(unitsOf(returned)))]);
  }
  if (tombstones.length > 0) {
    tx.send(
      recordTombstones,
      columns(tombstones, 'saga_id', 'order_id', 'user_id', 'amount', 'reason', 'traceparent'),
    );
  }
}
