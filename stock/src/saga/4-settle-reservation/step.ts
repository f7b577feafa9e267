import type { Step } from '../../../../shared/inbox/step';
import type { Tx } from '../../../../shared/postgres/database';
import { decideSettlements, type SettlementDecisions } from './decide';
import {
  lockReservations,
  lockReservedItems,
  readItemsWaitedFor,
  recordTombstones,
  settleItems,
  settleReservations,
} from './statements';

/**
 * Step 4: sells what was set aside, or gives it back.
 * @param onSettled told after the commit: how many reservations were undone, and the items that somebody waits for
 */
export function settleReservation(onSettled: (compensated: number, itemIds: string[]) => void): Step {
  return {
    queue: 'stock.settle',
    async run(tx, events) {
      const sagaIds = events.map((event) => event.data.saga_id);
      // Sales alone need no lock on their items before they take one: nobody else wants a reservation that is held. But
      // who gives something up may be waiting, and others go by their place in the queue.
      const undoing = events.some((event) => event.type === 'payment.rejected');
      const [, reservations] = await Promise.all([
        undoing && tx.run(lockReservedItems, [sagaIds]),
        tx.run(lockReservations, [sagaIds]),
      ]);
      const decisions = decideSettlements(reservations, events);
      const [, itemsWaitedFor] = await Promise.all([
        write(tx, decisions),
        tx.run(readItemsWaitedFor, [decisions.settled.flatMap((reservation) => reservation.item_ids)]),
      ]);
      const { emit, duplicates, compensated } = decisions;
      return {
        emit,
        duplicates,
        afterCommit: () =>
          onSettled(
            compensated,
            itemsWaitedFor.map((row) => row.item_id),
          ),
      };
    },
  };
}

async function write(tx: Tx, { settled, tombstones, sold, returned }: SettlementDecisions): Promise<void> {
  const lines = [...sold, ...returned];
  await Promise.all([
    settled.length > 0 &&
      tx.run(settleReservations, [
        settled.map((r) => r.saga_id),
        settled.map((r) => r.state),
        settled.map((r) => r.reason),
      ]),
    lines.length > 0 &&
      tx.run(settleItems, [
        lines.map((line) => line.saga_id),
        lines.map((line) => line.item_id),
        lines.map((line) => line.quantity),
        lines.map((_, i) => i < sold.length),
      ]),
    tombstones.length > 0 &&
      tx.run(recordTombstones, [
        tombstones.map((r) => r.saga_id),
        tombstones.map((r) => r.order_id),
        tombstones.map((r) => r.user_id),
        tombstones.map((r) => r.amount),
        tombstones.map((r) => r.reason),
        tombstones.map((r) => r.traceparent),
      ]),
  ]);
}
