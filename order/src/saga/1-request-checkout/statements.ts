import { statement } from '../../../../shared/postgres/statement';
import type { KeyRow, LineRow, OrderRow } from './decide';

export const lockOrders = statement<OrderRow>(
  'lock_orders',
  `SELECT id, user_id, status, saga_id FROM orders WHERE id = ANY($1::text[])
   ORDER BY id FOR NO KEY UPDATE`,
);

/** To be read once the orders are locked: from then on their lines stand still. */
export const readOpenLines = statement<LineRow>(
  'read_open_lines',
  `SELECT l.order_id, l.item_id, l.quantity, l.price
   FROM order_lines l JOIN orders o ON o.id = l.order_id
   WHERE l.order_id = ANY($1::text[]) AND o.status = 'OPEN'
   ORDER BY l.order_id, l.item_id`,
);

export const readCheckoutKeys = statement<KeyRow>(
  'read_checkout_keys',
  'SELECT key, fingerprint, saga_id FROM idempotency_keys WHERE key = ANY($1::text[])',
);

export const freezeOrders = statement<{ id: string }>(
  'freeze_orders',
  `UPDATE orders SET status = 'CHECKING_OUT', saga_id = opened.saga_id
   FROM unnest($1::text[], $2::uuid[]) AS opened (order_id, saga_id)
   WHERE orders.id = opened.order_id AND orders.status = 'OPEN'
   RETURNING orders.id`,
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
