import { statement } from '../../../../shared/postgres/statement';
import type { Reservation } from '../reservation';

/** Items before reservations and by id, as every step of stock locks them that locks both. */
export const lockReservedItems = statement(
  'lock_reserved_items',
  `SELECT FROM items
   WHERE id = ANY (ARRAY(SELECT unnest(item_ids) FROM reservations WHERE saga_id = ANY ($1::uuid[])))
   ORDER BY id FOR NO KEY UPDATE`,
);

/**
 * Settles those that are undecided, and answers what they were (docs/decisions/0013). It does not say which states these
 * are, because the planner would take an index of all that is in such a state for the way to each of them.
 * @param $1 the reason for which each is given back, null for those that are sold, as JSON by saga
 */
export const settleUndecided = statement<Reservation>(
  'settle_undecided',
  `UPDATE reservations SET state = CASE WHEN $1::jsonb ->> saga_id::text IS NULL THEN 'COMMITTED' ELSE 'RELEASED' END,
          reason = $1::jsonb ->> saga_id::text, updated_at = now()
   WHERE saga_id = ANY (ARRAY(SELECT jsonb_object_keys($1::jsonb)::uuid))
     AND state NOT IN ('COMMITTED', 'REJECTED', 'RELEASED')
   RETURNING saga_id, order_id, user_id, amount, item_ids, quantities, old.state, old.reason, traceparent`,
);

/** Those that `settleUndecided` has not found: they were decided before, or came only just now. */
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
