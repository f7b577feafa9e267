import type { Line } from '../../../../shared/contract/events';
import { statement } from '../../../../shared/postgres/statement';
import type { Reservation } from '../reservation';
import type { ItemRow } from './allocation';

/**
 * Takes the requested units of each item, or all available ones if they are fewer, and returns what was available
 * before (docs/decisions/0013).
 * @param $1 the requested units of each item, as JSON by item
 */
export const takeItems = statement<ItemRow>(
  'take_items',
  `UPDATE items SET available = available - least(available, ($1::jsonb ->> id)::bigint)
   WHERE id = ANY (ARRAY(SELECT jsonb_object_keys($1::jsonb)))
   RETURNING id, old.available`,
);

export const lockItems = statement<ItemRow>(
  'lock_items',
  'SELECT id, available FROM items WHERE id = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE',
);

/** Like `lockItems`, but leaves out the items that another session has locked. */
export const lockFreeItems = statement<ItemRow>(
  'lock_free_items',
  `SELECT id, available FROM items WHERE id = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED`,
);

export const readReservations = statement<Reservation>(
  'read_reservations',
  `SELECT saga_id, order_id, user_id, amount, item_ids, quantities, state, reason, traceparent
   FROM reservations WHERE saga_id = ANY($1::uuid[])`,
);

/** Run it after the items are locked: no saga can begin to wait for them from then on. */
export const readWaitedFor = statement<Line>(
  'read_waited_for',
  `SELECT line.item_id, sum(line.quantity)::bigint AS quantity
   FROM reservations r, unnest(r.item_ids, r.quantities) AS line (item_id, quantity)
   WHERE r.state = 'WAITING' AND line.item_id = ANY($1::text[])
   GROUP BY line.item_id`,
);

/**
 * Reads the units of these items that undecided sagas have reserved. Run it after the items are locked, so that no more
 * of them can be reserved. A sale does not lock its items, so this locks the reservations. If one is being sold, this
 * waits for the sale and then no longer counts it. One that it counts cannot be sold before this transaction ends; that
 * sale then sees which sagas wait.
 *
 * The reservations are locked in the order in which a sale locks them.
 */
export const readReserved = statement<Line>(
  'read_held',
  `WITH reserved AS (
     SELECT item_ids, quantities FROM reservations
     WHERE state = 'RESERVED' AND item_ids && $1::text[]
     ORDER BY saga_id FOR SHARE
   )
   SELECT item_id, coalesce(sum(quantity), 0)::bigint AS quantity
   FROM unnest($1::text[]) AS short (item_id)
   LEFT JOIN (SELECT line.item_id, line.quantity
              FROM reserved, unnest(item_ids, quantities) AS line (item_id, quantity)) AS line USING (item_id)
   GROUP BY item_id`,
);

/** Lists are passed as text, because an array of arrays must be rectangular in SQL, and orders differ in length. */
export const recordReservations = statement(
  'record_reservations',
  `INSERT INTO reservations (saga_id, order_id, user_id, amount, item_ids, quantities, state, reason, traceparent)
   SELECT saga_id, order_id, user_id, amount, item_ids::text[], quantities::bigint[], state, reason, traceparent
   FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
     AS r (saga_id, order_id, user_id, amount, item_ids, quantities, state, reason, traceparent)`,
);

/** Reads all items of the sagas that wait for any of these items. */
export const readItemsWaitedForTogether = statement<{ item_id: string }>(
  'read_items_waited_for_together',
  `SELECT DISTINCT unnest(item_ids) AS item_id FROM reservations
   WHERE state = 'WAITING' AND item_ids && $1::text[]`,
);

export const lockWaiting = statement<Reservation>(
  'lock_waiting',
  `SELECT saga_id, order_id, user_id, amount, item_ids, quantities, state, reason, traceparent
   FROM reservations WHERE state = 'WAITING' AND item_ids && $1::text[]
   ORDER BY arrival FOR NO KEY UPDATE`,
);

/** Like `lockWaiting`, but waits for nobody: `isLocked` says that another session has the saga locked. */
export const lockFreeWaiting = statement<Reservation & { isLocked: boolean }>(
  'lock_free_waiting',
  `WITH free AS (
     SELECT saga_id FROM reservations
     WHERE state = 'WAITING' AND item_ids && $1::text[]
     ORDER BY arrival FOR NO KEY UPDATE SKIP LOCKED
   )
   SELECT saga_id, order_id, user_id, amount, item_ids, quantities, state, reason, traceparent,
          saga_id NOT IN (SELECT saga_id FROM free) AS "isLocked"
   FROM reservations WHERE state = 'WAITING' AND item_ids && $1::text[]
   ORDER BY arrival`,
);

/** If the clock has been set back, a row may have a time that lies ahead: it has waited for long enough, too. */
export const readItemsWaitedForLong = statement<{ item_id: string }>(
  'read_items_waited_for_long',
  `SELECT DISTINCT unnest(item_ids) AS item_id FROM reservations
   WHERE state = 'WAITING' AND created_at NOT BETWEEN now() - interval '1 second' AND now() + interval '1 second'`,
);
