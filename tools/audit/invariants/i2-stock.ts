import { statement } from '../../../shared/postgres/statement';
import type { Reader } from '../../../shared/postgres/tx';
import { type Finding, MAX_FINDINGS } from '../finding';

/**
 * I2. The available units of an item are never negative. Available and reserved units together are the sum of its
 * ledger. Every sold line is in the ledger, and no other sale is.
 *
 * All of it is in one database, so it holds in every snapshot, whatever is in flight.
 */
const wrongItems = statement<{
  item_id: string;
  available: string | null;
  recorded: string;
  reserved: string;
}>(
  'audit_wrong_items',
  `SELECT item_id, available::text, coalesce(recorded, 0)::text AS recorded, coalesce(reserved, 0)::text AS reserved
   FROM (SELECT id AS item_id, available FROM items) AS item
   FULL JOIN (SELECT item_id, sum(delta) AS recorded FROM stock_ledger GROUP BY item_id) AS ledger USING (item_id)
   FULL JOIN (SELECT item_id, sum(quantity) AS reserved
              FROM reservations, unnest(item_ids, quantities) AS line (item_id, quantity)
              WHERE state = 'RESERVED' GROUP BY item_id) AS reservation USING (item_id)
   WHERE available IS NULL OR available < 0 OR available + coalesce(reserved, 0) <> coalesce(recorded, 0)
   ORDER BY item_id LIMIT ${MAX_FINDINGS}`,
);

const wrongSales = statement<{ saga_id: string; item_id: string; sold: string; recorded: string }>(
  'audit_wrong_sales',
  `SELECT saga_id, item_id, coalesce(sold, 0)::text AS sold, coalesce(recorded, 0)::text AS recorded
   FROM (SELECT saga_id, item_id, sum(quantity) AS sold
         FROM reservations, unnest(item_ids, quantities) AS line (item_id, quantity)
         WHERE state = 'COMMITTED' GROUP BY saga_id, item_id) AS sale
   FULL JOIN (SELECT saga_id, item_id, -sum(delta) AS recorded FROM stock_ledger
              WHERE kind = 'sale' GROUP BY saga_id, item_id) AS entry USING (saga_id, item_id)
   WHERE sold IS DISTINCT FROM recorded
   ORDER BY saga_id, item_id LIMIT ${MAX_FINDINGS}`,
);

export async function checkStock(stock: Reader): Promise<Finding[]> {
  const [items, sales] = await Promise.all([stock.run(wrongItems), stock.run(wrongSales)]);
  return [
    ...items.map(({ item_id, available, recorded, reserved }) => ({
      item_id,
      detail:
        available === null
          ? `the ledger adds up to ${recorded} and ${reserved} are reserved, but the item does not exist`
          : `${available} are available and ${reserved} reserved, but the ledger adds up to ${recorded}`,
    })),
    ...sales.map(({ saga_id, item_id, sold, recorded }) => ({
      ...{ saga_id, item_id },
      detail: `the saga bought ${sold}, but the ledger has ${recorded} as sold to it`,
    })),
  ].map((finding) => ({ invariant: 'I2', ...finding }));
}
