import * as z from 'zod';
import { waitLongerForLocks, whenIdle } from '../../../shared/http/batch-init';
import { answerOnce } from '../../../shared/http/idempotency';
import { amount, amountOrZero, rowCount } from '../../../shared/http/inputs';
import { problem } from '../../../shared/http/problem';
import { type Route, route } from '../../../shared/http/route';
import type { Database } from '../../../shared/postgres/database';
import { statement } from '../../../shared/postgres/statement';
import type { Tx } from '../../../shared/postgres/tx';
import type { Prices } from './prices';

/** Reads continue and checkouts in flight may end. None can begin: no order may be checked out while it is replaced. */
const lockOrders = statement('batch_lock_orders', 'LOCK TABLE orders IN EXCLUSIVE MODE');

const readCheckingOut = statement<{ checking_out: boolean }>(
  'batch_read_checking_out',
  `SELECT EXISTS (SELECT FROM sagas WHERE state = 'PENDING'
                  AND order_id IN (SELECT n::text FROM generate_series(0, $1::int - 1) AS n)) AS checking_out`,
);

const deleteLines = statement(
  'batch_delete_lines',
  'DELETE FROM order_lines WHERE order_id IN (SELECT n::text FROM generate_series(0, $1::int - 1) AS n)',
);

/**
 * `created_at` is the time after the lock and not the start of the transaction, because sagas opened before that time
 * belong to the replaced orders. Each order begins a new life, with sagas of its own (docs/decisions/0022).
 */
const replaceOrders = statement(
  'batch_replace_orders',
  `INSERT INTO orders (id, user_id, created_at, first_saga_id)
   SELECT n::text, floor(random() * $2::int)::int::text, clock_timestamp(),
          (left(uuidv7()::text, 30) || '000000')::uuid
   FROM generate_series(0, $1::int - 1) AS n
   ON CONFLICT (id) DO UPDATE
     SET user_id = EXCLUDED.user_id, saga_id = NULL, created_at = EXCLUDED.created_at,
         first_saga_id = EXCLUDED.first_saga_id`,
);

/** Picks two different items at random: the second is one to n-1 places after the first, wrapping around. */
const addLines = statement(
  'batch_add_lines',
  `WITH picked AS MATERIALIZED (
     SELECT n, floor(random() * $2::int)::bigint AS first, 1 + floor(random() * ($2::int - 1))::bigint AS further
     FROM generate_series(0, $1::int - 1) AS n
   )
   INSERT INTO order_lines (order_id, item_id, quantity, price)
   SELECT n::text, item::text, 1, $3::bigint
   FROM picked, unnest(CASE $2::int WHEN 1 THEN ARRAY[first] ELSE ARRAY[first, (first + further) % $2::int] END) AS item`,
);

async function isCheckingOut(tx: Tx, n: number): Promise<boolean> {
  const [row] = await tx.run(readCheckingOut, [n]);
  return row?.checking_out !== false;
}

export function batchInit(database: Database, prices: Prices): Route {
  return route({
    method: 'POST',
    path: '/orders/batch_init/{n}/{n_items}/{n_users}/{item_price}',
    audience: 'operator',
    summary: 'Create or reset orders "0" to "n-1"',
    description:
      'Each order belongs to a random user out of n_users and has one unit each of two random items out of n_items.',
    params: z.object({ n: rowCount, n_items: amount, n_users: amount, item_price: amountOrZero }),
    idempotent: true,
    answers: {
      200: z.object({ msg: z.string() }),
      404: 'batch_init is not enabled on this service.',
      409: 'One of these orders is being checked out. Nothing was changed.',
    },
    async handle(request) {
      const { n, n_items, n_users, item_price } = request.params;
      await whenIdle(() => database.transaction((tx) => isCheckingOut(tx, n)));
      const answer = await answerOnce(database, request, async (tx) => {
        tx.send(waitLongerForLocks);
        await tx.run(lockOrders);
        if (await isCheckingOut(tx, n)) {
          const detail =
            'Some of these orders are being checked out. Repeat the request when their checkouts have ended.';
          return problem(409, { reason: 'checkout_in_progress', isTransient: true, detail });
        }
        await tx.run(deleteLines, [n]);
        await tx.run(replaceOrders, [n, n_users]);
        await tx.run(addLines, [n, n_items, item_price]);
        return { status: 200, body: { msg: `Batch init for orders successful: ${n} orders.` } };
      });
      prices.clear();
      return answer;
    },
  });
}
