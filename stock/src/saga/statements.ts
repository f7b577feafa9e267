import type { Line } from '../../../shared/contract/events';
import { asJson, findLocked, statement } from '../../../shared/postgres/statement';
import type { Reservation } from './reservation';

/** @param $1 { state, reason } for each reservation, as JSON by saga */
export const settleReservations = statement(
  'settle_reservations',
  `UPDATE reservations SET state = $1::jsonb -> saga_id::text ->> 'state',
          reason = $1::jsonb -> saga_id::text ->> 'reason', updated_at = now()
   WHERE saga_id = ANY (ARRAY(SELECT jsonb_object_keys($1::jsonb)::uuid))`,
);

/** Returns the parameter of `settleReservations`. */
export function statesOf(reservations: readonly Reservation[]): string {
  return asJson(reservations.map(({ saga_id, state, reason }) => [saga_id, { state, reason }]));
}

export const findLockedItems = statement<{ id: string }>(
  'find_locked_items',
  findLocked('items', 'id', 'text'),
);

/** Adds available units. @param $1 the units for each item, as JSON by item */
export const returnItems = statement(
  'return_items',
  `UPDATE items SET available = available + ($1::jsonb ->> id)::bigint
   WHERE id = ANY (ARRAY(SELECT jsonb_object_keys($1::jsonb)))`,
);

/**
 * Reads the units of these items that undecided sagas have reserved. It waits for nobody, so it also counts a reservation that
 * is being sold. A saga may then wait for units that are gone. It is not woken by that sale, but the sweep decides it again
 * after a second.
 */
export const readReservedNow = statement<Line>(
  'read_reserved_now',
  `SELECT item_id, coalesce(sum(quantity), 0)::bigint AS quantity
   FROM unnest($1::text[]) AS short (item_id)
   LEFT JOIN (SELECT line.item_id, line.quantity
              FROM reservations, unnest(item_ids, quantities) AS line (item_id, quantity)
              WHERE state = 'RESERVED' AND item_ids && $1::text[]) AS line USING (item_id)
   GROUP BY item_id`,
);
