import type { Step } from '../../../../shared/inbox/step';
import type { Tx } from '../../../../shared/postgres/database';
import { decideSettlements, type SettlementDecisions } from './decide';
import {
  lockReservations,
  lockReservedItems,
  readItemsWaitedFor,
  recordSales,
  recordTombstones,
  returnItems,
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
      // A sale changes nothing of its items. But who gives something up may be waiting, and others go by their place in
      // the queue.
      const undone = events.flatMap(({ type, data }) => (type === 'payment.rejected' ? data.saga_id : []));
      const [, reservations] = await Promise.all([
        undone.length > 0 && tx.run(lockReservedItems, [undone]),
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
  await Promise.all([
    settled.length > 0 &&
      tx.run(settleReservations, [
        settled.map((r) => r.saga_id),
        settled.map((r) => r.state),
        settled.map((r) => r.reason),
      ]),
    sold.length > 0 &&
      tx.run(recordSales, [
        sold.map((line) => line.saga_id),
        sold.map((line) => line.item_id),
        sold.map((line) => line.quantity),
      ]),
    returned.length > 0 &&
      tx.run(returnItems, [returned.map((line) => line.item_id), returned.map((line) => line.quantity)]),
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
