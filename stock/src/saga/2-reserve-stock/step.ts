import type { Step } from '../../../../shared/inbox/step';
import type { Tx } from '../../../../shared/postgres/database';
import type { Reservation } from '../reservation';
import { decideReservations, itemsRunningShort } from './decide';
import {
  holdItems,
  lockItems,
  readHeld,
  readReservations,
  readWaitedFor,
  recordReservations,
} from './statements';

/** Step 2: sets every line of an order aside, or says no, or lets the saga wait. */
export const reserveStock: Step = {
  queue: 'stock.reserve',
  async run(tx, events) {
    const itemIds = [
      ...new Set(
        events.flatMap((event) =>
          event.type === 'order.checkout_requested' ? event.data.lines.map((line) => line.item_id) : [],
        ),
      ),
    ];
    // Sent together, answered one after the other: the rest is read when the items are locked.
    const [items, reservations, waitedFor] = await Promise.all([
      tx.run(lockItems, [itemIds]),
      tx.run(readReservations, [events.map((event) => event.data.saga_id)]),
      tx.run(readWaitedFor, [itemIds]),
    ]);
    const rows = { items, reservations, waitedFor };
    const short = itemsRunningShort(rows, events);
    const held = short.length > 0 ? await tx.run(readHeld, [short]) : [];
    const { decided, emit, duplicates } = decideReservations(rows, held, events);
    await Promise.all([
      decided.length > 0 && tx.run(recordReservations, [JSON.stringify(decided)]),
      holdReserved(tx, decided),
    ]);
    return { emit, duplicates };
  },
};

export async function holdReserved(tx: Tx, decided: readonly Reservation[]): Promise<void> {
  const reserved = decided.filter((reservation) => reservation.state === 'RESERVED');
  if (reserved.length === 0) return;
  await tx.run(holdItems, [reserved.flatMap((r) => r.item_ids), reserved.flatMap((r) => r.quantities)]);
}
