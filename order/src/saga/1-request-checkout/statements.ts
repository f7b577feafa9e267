import { statement } from '../../../../shared/postgres/statement';
import type { KeyRow, LineRow, OrderRow } from './decide';

/**
 * Freezes the orders that are open, locks all of them, and returns what they were before (docs/decisions/0013). Both
 * subqueries read the state of the last attempt from the statement's snapshot. A transaction that blocked on this lock
 * can find an order whose saga is newer than that snapshot. `state` is then NULL: the saga was only just opened, and
 * the order stays as it is.
 * @param $1 the saga to open for each order, or null if none may be opened, as JSON by order
 */
export const freezeOrders = statement<OrderRow>(
  'freeze_orders',
  `UPDATE orders
   SET saga_id = CASE WHEN saga_id IS NULL OR (SELECT state FROM sagas WHERE sagas.id = orders.saga_id) = 'FAILED'
                 THEN coalesce(($1::jsonb ->> id)::uuid, saga_id) ELSE saga_id END
   WHERE id = ANY (ARRAY(SELECT jsonb_object_keys($1::jsonb)))
   RETURNING id, user_id, old.saga_id, (SELECT state FROM sagas WHERE sagas.id = old.saga_id) AS state`,
);

/** Locks the orders that no other session has locked, without waiting, and returns the others as they are. */
export const findLockedOrders = statement<OrderRow>(
  'find_locked_orders',
  `WITH free AS (
     SELECT id FROM orders WHERE id = ANY ($1::text[]) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
   )
   SELECT id, user_id, saga_id, (SELECT state FROM sagas WHERE sagas.id = orders.saga_id) AS state
   FROM orders WHERE id = ANY ($1::text[]) AND id NOT IN (SELECT id FROM free)`,
);

/**
 * Run it after the orders are locked: from then on, their lines cannot change. An index over orders and items
 * finds the lines, so they come in that order.
 */
export const readLines = statement<LineRow>(
  'read_lines',
  'SELECT order_id, item_id, quantity, price FROM order_lines WHERE order_id = ANY ($1::text[])',
);

export const readCheckoutKeys = statement<KeyRow>(
  'read_checkout_keys',
  'SELECT key, fingerprint, saga_id FROM idempotency_keys WHERE key = ANY($1::text[])',
);

/**
 * Corrects orders that were frozen although no saga was opened, or for another saga than the one that was opened.
 * @param $1 the right saga for each order, or null for none, as JSON by order
 */
export const correctOrders = statement(
  'correct_orders',
  `UPDATE orders SET saga_id = ($1::jsonb ->> id)::uuid
   WHERE id = ANY (ARRAY(SELECT jsonb_object_keys($1::jsonb)))`,
);

export const openSagas = statement(
  'open_sagas',
  `INSERT INTO sagas (id, order_id, user_id, amount, traceparent, deadline_at)
   SELECT opened.*, now() + $6 * interval '1 millisecond'
   FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[]) AS opened`,
);

export const storeCheckoutKeys = statement(
  'store_checkout_keys',
  `INSERT INTO idempotency_keys (key, fingerprint, saga_id)
   SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[])
   ORDER BY 1`,
);
