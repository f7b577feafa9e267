import { sumByKey, surplus } from '../../../../shared/amounts';
import type { Step } from '../../../../shared/inbox/step';
import { asArrayText, asJson, columns } from '../../../../shared/postgres/statement';
import { linesOf, unitsOf } from '../reservation';
import { returnItems } from '../statements';
import { decideReservations, itemsRunningShort } from './decide';
import { readReservations, readReserved, readWaitedFor, recordReservations, takeItems } from './statements';

/** Step 2 reserves every line of an order, refuses the whole order, or lets its saga wait. */
export const reserveStock: Step = {
  queue: 'stock.reserve',
  async run(tx, events) {
    const asked = sumByKey(
      events.flatMap(({ type, data }) => (type === 'order.checkout_requested' ? unitsOf(data.lines) : [])),
    );
    const itemIds = [...asked.keys()];
    // The statements are sent at once and run one after the other, so the rest is read after the items are locked.
    const [items, reservations, waitedFor] = await Promise.all([
      tx.run(takeItems, [asJson(asked)]),
      tx.run(readReservations, [events.map((event) => event.data.saga_id)]),
      tx.run(readWaitedFor, [itemIds]),
    ]);
    const rows = { items, reservations, waitedFor };
    const short = itemsRunningShort(rows, events);
    const reserved = short.length > 0 ? await tx.run(readReserved, [short]) : [];
    const { decided, emit, duplicates } = decideReservations(rows, reserved, events);

    if (decided.length > 0) {
      tx.send(recordReservations, [
        ...columns(decided, 'saga_id', 'order_id', 'user_id', 'amount'),
        decided.map((reservation) => asArrayText(reservation.item_ids)),
        decided.map((reservation) => asArrayText(reservation.quantities)),
        ...columns(decided, 'state', 'reason', 'traceparent'),
      ]);
    }
    const granted = decided.filter((reservation) => reservation.state === 'RESERVED');
    const returned = surplus({
      had: items.map((item) => [item.id, item.available]),
      asked,
      used: unitsOf(granted.flatMap(linesOf)),
    });
    if (returned.length > 0) {
      tx.send(returnItems, [asJson(returned)]);
    }
    return { emit, duplicates };
  },
};
