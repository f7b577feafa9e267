import * as z from 'zod';
import { waitLongerForLocks, whenIdle } from '../../../shared/http/batch-init';
import { answerOnce } from '../../../shared/http/idempotency';
import { amountOrZero, rowCount } from '../../../shared/http/inputs';
import { problem } from '../../../shared/http/problem';
import { type Route, route } from '../../../shared/http/route';
import type { Database } from '../../../shared/postgres/database';
import { statement } from '../../../shared/postgres/statement';
import type { Tx } from '../../../shared/postgres/tx';

/**
 * Only reads and sales continue: the stock of an item must not change between its ledger entry and its replacement, and
 * no checkout may begin to use an item. A sale only ends such a use, and changes no item.
 */
const lockItems = statement('batch_lock_items', 'LOCK TABLE items IN EXCLUSIVE MODE');

/** Reads whether a checkout in flight has reserved one of the items or waits for one. */
const readInUse = statement<{ in_use: boolean }>(
  'batch_read_in_use',
  `SELECT EXISTS (
     SELECT FROM (SELECT unnest(item_ids) AS id FROM reservations WHERE state = 'RESERVED'
                  UNION ALL
                  SELECT unnest(item_ids) FROM reservations WHERE state = 'WAITING') AS used
     WHERE id IN (SELECT n::text FROM generate_series(0, $1::int - 1) AS n)) AS in_use`,
);

const recordInLedger = statement(
  'batch_note_stock',
  `INSERT INTO stock_ledger (item_id, delta, kind)
   SELECT n::text, $2::bigint - coalesce(available, 0), 'init'
   FROM generate_series(0, $1::int - 1) AS n LEFT JOIN items ON items.id = n::text
   WHERE $2::bigint <> coalesce(available, 0)`,
);

const replaceItems = statement(
  'batch_replace_items',
  `INSERT INTO items (id, available, price)
   SELECT n::text, $2::bigint, $3::bigint FROM generate_series(0, $1::int - 1) AS n
   ON CONFLICT (id) DO UPDATE SET available = EXCLUDED.available, price = EXCLUDED.price`,
);

async function isInUse(tx: Tx, n: number): Promise<boolean> {
  const [row] = await tx.run(readInUse, [n]);
  return row?.in_use !== false;
}

export function batchInit(database: Database): Route {
  return route({
    method: 'POST',
    path: '/stock/batch_init/{n}/{starting_stock}/{item_price}',
    audience: 'operator',
    summary: 'Create or reset items "0" to "n-1"',
    description: 'Orders may keep using an earlier price of such an item for up to a minute.',
    params: z.object({ n: rowCount, starting_stock: amountOrZero, item_price: amountOrZero }),
    idempotent: true,
    answers: {
      200: z.object({ msg: z.string() }),
      404: 'batch_init is not enabled on this service.',
      409: 'A checkout in flight uses one of these items. Nothing was changed.',
    },
    async handle(request) {
      const { n, starting_stock, item_price } = request.params;
      await whenIdle(() => database.transaction((tx) => isInUse(tx, n)));
      return answerOnce(database, request, async (tx) => {
        tx.send(waitLongerForLocks);
        await tx.run(lockItems);
        if (await isInUse(tx, n)) {
          const detail =
            'A checkout in flight uses one of these items. Repeat the request when that checkout has ended.';
          return problem(409, { reason: 'checkout_in_progress', isTransient: true, detail });
        }
        await tx.run(recordInLedger, [n, starting_stock]);
        await tx.run(replaceItems, [n, starting_stock, item_price]);
        return { status: 200, body: { msg: `Batch init for stock successful: ${n} items.` } };
      });
    },
  });
}
