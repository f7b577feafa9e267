import { statement } from '../../../../shared/postgres/statement';
import type { Reservation } from '../reservation';

/** Items before reservations and by id, as every step of stock locks them. */
export const lockReservedItems = statement(
  'lock_reserved_items',
  `SELECT FROM items
   WHERE id IN (SELECT unnest(item_ids) FROM reservations WHERE saga_id = ANY($1::uuid[]))
   ORDER BY id FOR NO KEY UPDATE`,
);

export const lockReservations = statement<Reservation>(
  'lock_reservations',
  `SELECT saga_id, order_id, user_id, amount, item_ids, quantities, state, reason, traceparent
   FROM reservations WHERE saga_id = ANY($1::uuid[])
   ORDER BY saga_id FOR NO KEY UPDATE`,
);

export const settleReservations = statement(
  'settle_reservations',
  `UPDATE reservations SET state = settled.state, reason = settled.reason, updated_at = now()
   FROM unnest($1::uuid[], $2::text[], $3::text[]) AS settled (saga_id, state, reason)
   WHERE reservations.saga_id = settled.saga_id`,
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

export const sellItems = statement(
  'sell_items',
  `WITH line AS (
     SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS l (saga_id, item_id, quantity)
   ), ledger AS (
     INSERT INTO stock_ledger (item_id, delta, kind, saga_id) SELECT item_id, -quantity, 'sale', saga_id FROM line
   )
   UPDATE items SET held = held - sold.quantity
   FROM (SELECT item_id, sum(quantity)::bigint AS quantity FROM line GROUP BY item_id) AS sold
   WHERE items.id = sold.item_id`,
);

export const returnItems = statement(
  'return_items',
  `UPDATE items SET held = held - returned.quantity, available = available + returned.quantity
   FROM (SELECT item_id, sum(quantity)::bigint AS quantity
         FROM unnest($1::text[], $2::bigint[]) AS l (item_id, quantity) GROUP BY item_id) AS returned
   WHERE items.id = returned.item_id`,
);

export const readItemsWaitedFor = statement<{ item_id: string }>(
  'read_items_waited_for',
  `SELECT DISTINCT item_id FROM reservations r, unnest(r.item_ids) AS item_id
   WHERE r.state = 'WAITING' AND item_id = ANY($1::text[])`,
);
