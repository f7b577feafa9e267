import { sumByKey } from '../../../../shared/amounts';
import type { Step } from '../../../../shared/inbox/step';
import type { Tx } from '../../../../shared/postgres/database';
import { asJson } from '../../../../shared/postgres/statement';
import { unitsOf } from '../reservation';
import { returnItems, settleReservations, statesOf } from '../statements';
import { decideSettlements, type SettlementDecisions } from './decide';
import {
  lockReservations,
  lockReservedItems,
  readItemsWaitedFor,
  recordSales,
  recordTombstones,
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
      write(tx, decisions);
      const itemsWaitedFor = await tx.run(readItemsWaitedFor, [
        decisions.settled.flatMap((reservation) => reservation.item_ids),
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

function write(tx: Tx, { settled, tombstones, sold, returned }: SettlementDecisions): void {
  if (settled.length > 0) tx.send(settleReservations, [statesOf(settled)]);
  if (sold.length > 0)
    tx.send(recordSales, [
      sold.map((line) => line.saga_id),
      sold.map((line) => line.item_id),
      sold.map((line) => line.quantity),
    ]);
  if (returned.length > 0) tx.send(returnItems, [asJson(sumByKey(unitsOf(returned)))]);
  if (tombstones.length > 0)
    tx.send(recordTombstones, [
      tombstones.map((r) => r.saga_id),
      tombstones.map((r) => r.order_id),
      tombstones.map((r) => r.user_id),
      tombstones.map((r) => r.amount),
      tombstones.map((r) => r.reason),
      tombstones.map((r) => r.traceparent),
    ]);
}
