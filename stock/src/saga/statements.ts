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

/** @param $1 the units for each item, as JSON by item */
export const returnItems = statement(
  'return_items',
  `UPDATE items SET available = available + ($1::jsonb ->> id)::bigint
   WHERE id = ANY (ARRAY(SELECT jsonb_object_keys($1::jsonb)))`,
);
