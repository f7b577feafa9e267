import { findLocked, statement } from '../../../../shared/postgres/statement';
import type { KeyRow, LineRow, OrderRow } from './decide';

/**
 * The id of an order's next saga. The last six hexadecimal digits count the attempts of its life, and what is before them
 * is the life (docs/decisions/0022). An order that was created by an earlier version, or that was checked out 2^24 times,
 * begins a new one.
 */
const NEXT_SAGA_ID = `CASE
    WHEN saga_id IS NULL THEN coalesce(first_saga_id, uuidv7())
    WHEN right(saga_id::text, 6) = 'ffffff' THEN uuidv7()
    ELSE (left(saga_id::text, 30) || right(to_hex(('x1' || right(saga_id::text, 6))::bit(28)::int + 1), 6))::uuid
  END`;

/**
 * Freezes the orders that are open, locks all of them, and returns what they were before (docs/decisions/0013). Both
 * subqueries read the state of the last attempt from the statement's snapshot. A transaction that blocked on this lock
 * can find an order whose saga is newer than that snapshot. `state` is then NULL: the saga was only just opened, and
 * the order stays as it is.
 * @param $1 whether a saga may be opened for each order, as JSON by order
 */
export const freezeOrders = statement<OrderRow>(
  'freeze_orders',
  `UPDATE orders
   SET saga_id = CASE WHEN ($1::jsonb ->> id)::boolean
       AND (saga_id IS NULL OR (SELECT state FROM sagas WHERE sagas.id = orders.saga_id) = 'FAILED')
     THEN ${NEXT_SAGA_ID} ELSE saga_id END
   WHERE id = ANY (ARRAY(SELECT jsonb_object_keys($1::jsonb)))
   RETURNING id, user_id, old.saga_id, (SELECT state FROM sagas WHERE sagas.id = old.saga_id) AS state,
             new.saga_id AS frozen_for`,
);

/** An order that is not frozen: as it is now. */
export type LockedOrder = Omit<OrderRow, 'frozen_for' | 'is_locked'>;

const AS_IT_IS = 'id, user_id, saga_id, (SELECT state FROM sagas WHERE sagas.id = orders.saga_id) AS state';

/** Reads orders without locking them. */
export const readOrders = statement<LockedOrder>(
  'read_orders',
  `SELECT ${AS_IT_IS} FROM orders WHERE id = ANY ($1::text[])`,
);

export const findLockedOrders = statement<LockedOrder>(
  'find_locked_orders',
  findLocked('orders', 'id', 'text', AS_IT_IS),
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
 * Corrects orders that were frozen although no saga was opened.
 * @param $1 the saga that each order had before, or null for none, as JSON by order
 */
export const correctOrders = statement(
  'correct_orders',
  `UPDATE orders SET saga_id = ($1::jsonb ->> id)::uuid
   WHERE id = ANY (ARRAY(SELECT jsonb_object_keys($1::jsonb)))`,
);

export const openSagas = statement(
  'open_sagas',
  `INSERT INTO sagas (id, order_id, user_id, amount, traceparent, lines_crc32, deadline_at)
   SELECT opened.*, now() + $7 * interval '1 millisecond'
   FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::int[]) AS opened`,
);

export const storeCheckoutKeys = statement(
  'store_checkout_keys',
  `INSERT INTO idempotency_keys (key, fingerprint, saga_id)
   SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[])
   ORDER BY 1`,
);
