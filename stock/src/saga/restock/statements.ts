import { statement } from '../../../../shared/postgres/statement';
import type { Restock } from './decide';

/** In the order of their ids, so that two transactions that make the same items wait for one another only in one direction. */
export const makeItems = statement(
  'make_items',
  `INSERT INTO items (id, price) SELECT id, price FROM unnest($1::text[], $2::bigint[]) AS new (id, price)
   ORDER BY id ON CONFLICT DO NOTHING`,
);

/** The lock keeps other restocks of these items from being decided, the same ones delivered again included. */
export const lockItemsToRestock = statement<{ id: string; price: number; available: number }>(
  'lock_items_to_restock',
  'SELECT id, price, available FROM items WHERE id = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE',
);

/** Run it after the items are locked. */
export const readRestocks = statement<Restock>(
  'read_restocks',
  'SELECT id, item_id, quantity, price, reason FROM restocks WHERE id = ANY($1::uuid[])',
);

export const recordRestocks = statement(
  'record_restocks',
  `WITH new AS (
     SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::text[])
       AS r (id, item_id, quantity, price, reason)
   ), ledger AS (
     INSERT INTO stock_ledger (item_id, delta, kind, saga_id)
     SELECT item_id, quantity, 'restock', id FROM new WHERE reason IS NULL
   )
   INSERT INTO restocks (id, item_id, quantity, price, reason) SELECT * FROM new`,
);
