import { findLocked, statement } from '../../../../shared/postgres/statement';
import type { Reservation } from '../reservation';

/** Locks items before reservations and by id, like every step of stock that locks both. */
export const lockReservedItems = statement(
  'lock_reserved_items',
  `SELECT FROM items
   WHERE id = ANY (ARRAY(SELECT unnest(item_ids) FROM reservations WHERE saga_id = ANY ($1::uuid[])))
   ORDER BY id FOR NO KEY UPDATE`,
);

/**
 * Settles the reservations that are undecided and returns what they were before (docs/decisions/0013). The condition
 * does not name the undecided states, because the planner would then search the partial index of all undecided
 * reservations for each one.
 * @param $1 the reason why each saga is released, or null if it is sold, as JSON by saga
 */
export const settleUndecided = statement<Reservation>(
  'settle_undecided',
  `UPDATE reservations SET state = CASE WHEN $1::jsonb ->> saga_id::text IS NULL THEN 'COMMITTED' ELSE 'RELEASED' END,
          reason = $1::jsonb ->> saga_id::text, updated_at = now()
   WHERE saga_id = ANY (ARRAY(SELECT jsonb_object_keys($1::jsonb)::uuid))
     AND state NOT IN ('COMMITTED', 'REJECTED', 'RELEASED')
   RETURNING saga_id, order_id, user_id, amount, item_ids, quantities, old.state, old.reason, traceparent`,
);

/** Locks the reservations that `settleUndecided` did not find: they were decided before, or have only just arrived. */
export const lockReservations = statement<Reservation>(
  'lock_reservations',
  `SELECT saga_id, order_id, user_id, amount, item_ids, quantities, state, reason, traceparent
   FROM reservations WHERE saga_id = ANY($1::uuid[])
   ORDER BY saga_id FOR NO KEY UPDATE`,
);

/** The items of each reservation, as far as there is one. */
export const readItemsOf = statement<Pick<Reservation, 'saga_id' | 'item_ids'>>(
  'read_items_of',
  'SELECT saga_id, item_ids FROM reservations WHERE saga_id = ANY ($1::uuid[])',
);

export const findLockedReservations = statement<{ id: string }>(
  'find_locked_reservations',
  findLocked('reservations', 'saga_id', 'uuid', 'saga_id AS id'),
);

/** Violates the primary key if the checkout request arrives at the same time; the batch runs again and finds it. */
export const recordTombstones = statement(
  'record_tombstones',
  `INSERT INTO reservations (saga_id, order_id, user_id, amount, item_ids, quantities, state, reason, traceparent)
   SELECT saga_id, order_id, user_id, amount, '{}', '{}', 'RELEASED', reason, traceparent
   FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[])
     AS t (saga_id, order_id, user_id, amount, reason, traceparent)
   ORDER BY saga_id`,
);

/** All that a sale writes besides the reservation's state: its units were taken from `available` when reserved. */
export const recordSales = statement(
  'record_sales',
  `INSERT INTO stock_ledger (item_id, delta, kind, saga_id)
   SELECT item_id, -quantity, 'sale', saga_id
   FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS line (saga_id, item_id, quantity)`,
);

/**
 * Run it after the reservations are locked, and the items of those that are released. A saga that begins to wait later
 * sees how they were settled.
 */
export const readItemsWaitedFor = statement<{ item_id: string }>(
  'read_items_waited_for',
  `SELECT DISTINCT item_id FROM reservations r, unnest(r.item_ids) AS item_id
   WHERE r.state = 'WAITING' AND item_id = ANY($1::text[])`,
);
