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

export const settleRestocks = statement(
  'settle_restocks',
  `UPDATE restocks AS r SET state = answered.state, reason = answered.reason, updated_at = now()
   FROM unnest($1::uuid[], $2::text[], $3::text[]) AS answered (id, state, reason) WHERE r.id = answered.id`,
);

export const listProducts = statement(
  'list_products',
  `UPDATE products SET listed_at = now(), updated_at = now()
   WHERE item_id = ANY (ARRAY(
     SELECT item_id FROM products WHERE item_id = ANY($1::text[]) AND listed_at IS NULL ORDER BY item_id FOR NO KEY UPDATE))`,
);
