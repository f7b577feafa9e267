import * as z from 'zod';
import { MAX_TOTAL, total } from '../../../shared/http/inputs';
import { type Answer, problem } from '../../../shared/http/problem';
import type { Tx } from '../../../shared/postgres/database';
import { statement } from '../../../shared/postgres/statement';

export interface Item {
  readonly id: string;
  readonly available: number;
  readonly held: number;
}

export const stockSchema = z.object({ item_id: z.string(), stock: total });

const lockItemRow = statement<Item>(
  'http_lock_item',
  'SELECT id, available, held FROM items WHERE id = $1 FOR NO KEY UPDATE',
);

const changeStock = statement(
  'http_change_stock',
  `WITH changed AS (UPDATE items SET available = available + $2 WHERE id = $1)
   INSERT INTO stock_ledger (item_id, delta, kind) VALUES ($1, $2, $3)`,
);

/** Adds to what can be sold, or takes from it, and notes it in the ledger; or answers why not and changes nothing. */
export async function moveStock(tx: Tx, id: string, delta: number): Promise<Answer> {
  const [item] = await tx.run(lockItemRow, [id]);
  if (item === undefined) {
    return unknownItem(id);
  }
  const { available, held } = item;
  if (available + delta < 0) {
    const detail = `There are ${available} of item ${id} to be had, which is less than ${-delta}.`;
    return problem(409, { reason: 'out_of_stock', detail });
  }
  if (available + held + delta > MAX_TOTAL) {
    const detail = `There are ${available + held} of item ${id}; another ${delta} would exceed the most there can be, ${MAX_TOTAL}.`;
    return problem(400, { reason: 'limit_exceeded', detail });
  }
  await tx.run(changeStock, [id, delta, delta > 0 ? 'add' : 'subtract']);
  return { status: 200, body: { item_id: id, stock: available + delta } };
}

export function unknownItem(id: string): Answer {
  return problem(404, { reason: 'unknown_item', detail: `There is no item ${id}.` });
}
