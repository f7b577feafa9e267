import { sumByKey, surplus } from '../../../../shared/amounts';
import type { SagaEvent } from '../../../../shared/contract/events';
import { blockedBy, namesOf } from '../../../../shared/inbox/blocked';
import type { Step } from '../../../../shared/inbox/step';
import { asArrayText, asJson, columns } from '../../../../shared/postgres/statement';
import { linesOf, unitsOf } from '../reservation';
import { findLockedItems, readReservedNow, returnItems } from '../statements';
import { decideReservations, itemsRunningShort } from './decide';
import { readReservations, readReserved, readWaitedFor, recordReservations, takeItems } from './statements';

/** Step 2 reserves every line of an order, refuses the whole order, or lets its saga wait. */
export const reserveStock: Step = {
  queue: 'stock.reserve',
  lockedRows: { items: 'id' },
  async run(tx, events, isCautious) {
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
    const readUnits = isCautious ? readReservedNow : readReserved;
    const reserved = short.length > 0 ? await tx.run(readUnits, [short]) : [];
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

  async findBlocked(tx, events) {
    const itemsOf = (event: SagaEvent) =>
      event.type === 'order.checkout_requested' ? event.data.lines.map((line) => line.item_id) : [];
    const locked = await tx.run(findLockedItems, [[...new Set(events.flatMap(itemsOf))]]);
    return blockedBy(events, itemsOf, namesOf('items', locked));
  },
};
