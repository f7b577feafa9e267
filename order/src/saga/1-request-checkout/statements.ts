import { statement } from '../../../../shared/postgres/statement';
import type { KeyRow, LineRow, OrderRow } from './decide';

/**
 * Freezes the orders that are open, locks them all, and answers what they were (docs/decisions/0013). The state of the last
 * attempt is that of the statement's snapshot, in both places. Who waited here for the lock may meet a saga that the snapshot
 * does not have: it was only just opened, so that the state reads as null and the order is left as it is.
 * @param $1 the saga for each order, or null if none may be opened, as JSON by order
 */
export const freezeOrders = statement<OrderRow>(
  'freeze_orders',
  `UPDATE orders
   SET saga_id = CASE WHEN saga_id IS NULL OR (SELECT state FROM sagas WHERE sagas.id = orders.saga_id) = 'FAILED'
                 THEN coalesce(($1::jsonb ->> id)::uuid, saga_id) ELSE saga_id END
   WHERE id = ANY (ARRAY(SELECT jsonb_object_keys($1::jsonb)))
   RETURNING id, user_id, old.saga_id, (SELECT state FROM sagas WHERE sagas.id = old.saga_id) AS state`,
);

/**
 * To be read once the orders are locked, because from then on their lines stand still. An index over orders and items finds
 * them, and so they come in that order.
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
 * For orders that were frozen for nothing, or for another saga than the one that is opened.
 * @param $1 the saga for each order, as JSON by order
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
