import * as z from 'zod';
import { MAX_TOTAL, total } from '../../../shared/http/inputs';
import { type Answer, problem } from '../../../shared/http/problem';
import { statement } from '../../../shared/postgres/statement';
import type { Tx } from '../../../shared/postgres/tx';

export interface Item {
  readonly id: string;
  readonly available: number;
}

export const stockSchema = z.object({ item_id: z.string(), stock: total });

const lockItemRow = statement<Item>(
  'http_lock_item',
  'SELECT id, available FROM items WHERE id = $1 FOR NO KEY UPDATE',
);

const readReserved = statement<{ reserved: number }>(
  'http_read_held',
  `SELECT coalesce(sum(quantity), 0)::bigint AS reserved
   FROM reservations, unnest(item_ids, quantities) AS line (item_id, quantity)
   WHERE state = 'RESERVED' AND item_ids && ARRAY[$1::text] AND item_id = $1`,
);

const changeStock = statement(
  'http_change_stock',
  `WITH changed AS (UPDATE items SET available = available + $2 WHERE id = $1)
   INSERT INTO stock_ledger (item_id, delta, kind) VALUES ($1, $2, $3)`,
);

/** Adds available units or takes some away, and records this in the ledger. A refusal changes nothing. */
export async function moveStock(tx: Tx, id: string, delta: number): Promise<Answer> {
  // No more of the item can be reserved while it is locked. A sale during that time can only reduce the total, which
  // leaves more room.
  const [[item], [row]] = await Promise.all([
    tx.run(lockItemRow, [id]),
    delta > 0 ? tx.run(readReserved, [id]) : [],
  ]);
  if (item === undefined) {
    return unknownItem(id);
  }
  const { available } = item;
  if (available + delta < 0) {
    const detail = `Item ${id} has ${available} units available, and ${-delta} were requested. Nothing was taken.`;
    return problem(409, { reason: 'out_of_stock', detail });
  }
  const owned = available + (row?.reserved ?? 0);
  if (owned + delta > MAX_TOTAL) {
    const detail = `Item ${id} has ${owned} units, reserved ones included. Adding ${delta} would exceed the maximum of ${MAX_TOTAL}.`;
    return problem(400, { reason: 'limit_exceeded', detail });
  }
  await tx.run(changeStock, [id, delta, delta > 0 ? 'add' : 'subtract']);
  return { status: 200, body: { item_id: id, stock: available + delta } };
}

export function unknownItem(id: string): Answer {
  return problem(404, { reason: 'unknown_item', detail: `There is no item ${id}.` });
}
