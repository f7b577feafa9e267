import { findLocked, statement } from '../../../../shared/postgres/statement';
import type { Restock } from '../restock';

export const lockRestocks = statement<Restock>(
  'lock_restocks',
  `SELECT id, item_id, quantity, price, state, reason, traceparent
   FROM restocks WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE`,
);

export const findLockedRestocks = statement<{ id: string }>(
  'find_locked_restocks',
  findLocked('restocks', 'id', 'uuid'),
);

export const findLockedProducts = statement<{ id: string }>(
  'find_locked_products',
  findLocked('products', 'item_id', 'text', 'item_id AS id'),
);

/** @param $1 { state, reason } for each restock, as JSON by restock */
export const settleRestocks = statement(
  'settle_restocks',
  `UPDATE restocks SET state = $1::jsonb -> id::text ->> 'state', reason = $1::jsonb -> id::text ->> 'reason',
          updated_at = now()
   WHERE id = ANY (ARRAY(SELECT jsonb_object_keys($1::jsonb)::uuid))`,
);

/** Returns those that were not listed before. */
export const listProducts = statement<{ item_id: string }>(
  'list_products',
  `UPDATE products SET listed_at = now(), updated_at = now()
   WHERE item_id = ANY (ARRAY(
     SELECT item_id FROM products WHERE item_id = ANY($1::text[]) AND listed_at IS NULL ORDER BY item_id FOR NO KEY UPDATE))
   RETURNING item_id`,
);
