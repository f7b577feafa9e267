import { statement } from '../../../../shared/postgres/statement';
import type { Reservation } from '../reservation';

/** Items before reservations and by id, as every step of stock locks them that locks both. */
export const lockReservedItems = statement(
  'lock_reserved_items',
  `SELECT FROM items
   WHERE id = ANY (ARRAY(SELECT unnest(item_ids) FROM reservations WHERE saga_id = ANY ($1::uuid[])))
   ORDER BY id FOR NO KEY UPDATE`,
);

export const lockReservations = statement<Reservation>(
  'lock_reservations',
  `SELECT saga_id, order_id, user_id, amount, item_ids, quantities, state, reason, traceparent
   FROM reservations WHERE saga_id = ANY($1::uuid[])
   ORDER BY saga_id FOR NO KEY UPDATE`,
);

/** A request that arrives meanwhile makes this fail on the primary key; run again, it finds the reservation. */
export const recordTombstones = statement(
  'record_tombstones',
  `INSERT INTO reservations (saga_id, order_id, user_id, amount, item_ids, quantities, state, reason, traceparent)
   SELECT saga_id, order_id, user_id, amount, '{}', '{}', 'RELEASED', reason, traceparent
   FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[])
     AS t (saga_id, order_id, user_id, amount, reason, traceparent)
   ORDER BY saga_id`,
);

/** All that is noted of a sale besides the reservation's state: the units left `available` when they were set aside. */
export const recordSales = statement(
  'record_sales',
  `INSERT INTO stock_ledger (item_id, delta, kind, saga_id)
   SELECT item_id, -quantity, 'sale', saga_id
   FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS line (saga_id, item_id, quantity)`,
);

/**
 * To be read once the reservations are locked, and the items of what is given back: who begins to wait from then on
 * knows what has become of them.
 */
export const readItemsWaitedFor = statement<{ item_id: string }>(
  'read_items_waited_for',
  `SELECT DISTINCT item_id FROM reservations r, unnest(r.item_ids) AS item_id
   WHERE r.state = 'WAITING' AND item_id = ANY($1::text[])`,
);
