import type { SagaEvent } from '../../../../shared/contract/events';
import type { Tx } from '../../../../shared/postgres/tx';
import { itemStocked } from '../restock';
import { isUnansweredDue, takeUnanswered } from './statements';

/**
 * Stock has not answered a restock: a message was lost, or stock's database was restored. Catalog asks again until it is
 * answered. Stock does a restock once, and repeats its answer.
 *
 * @param options.askAfterMs how long a restock is left alone
 * @param options.readingForMs for how long stock has been reading its queue; null while it does not
 * @returns the questions; none when no more are due
 */
export async function askUnanswered(
  tx: Tx,
  { askAfterMs, readingForMs, limit }: { askAfterMs: number; readingForMs: number | null; limit: number },
): Promise<SagaEvent[]> {
  return (await tx.run(takeUnanswered, [askAfterMs, readingForMs, limit])).map(itemStocked);
}

export async function isAnyUnansweredDue(tx: Tx, askAfterMs: number, readingForMs: number): Promise<boolean> {
  return (await tx.run(isUnansweredDue, [askAfterMs, readingForMs]))[0]?.is_due === true;
}
