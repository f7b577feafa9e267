import type { SagaEvent } from '../../../../shared/contract/events';
import type { Tx } from '../../../../shared/postgres/tx';
import { decisionRequested } from '../reservation';
import { isUndecidedDue, takeUndecided } from './statements';

/**
 * Stock has units reserved, or a saga waits, and no decision comes: a message was lost, a queue was purged, or a database
 * was restored. Age itself decides nothing. Stock asks payment, which cancels the saga unless it has already decided, and
 * otherwise repeats its decision. Stock asks until it has been answered.
 *
 * @param options.askAfterMs how long a reservation is left alone
 * @param options.readingForMs for how long payment has been reading its queue; null while it does not
 * @param options.limit the most of each state
 * @returns the questions; none when no more are due
 */
export async function askUndecided(
  tx: Tx,
  { askAfterMs, readingForMs, limit }: { askAfterMs: number; readingForMs: number | null; limit: number },
): Promise<SagaEvent[]> {
  const undecided = await tx.run(takeUndecided, [askAfterMs, readingForMs, limit]);
  return undecided.map(decisionRequested);
}

export async function isAnyUndecidedDue(tx: Tx, askAfterMs: number, readingForMs: number): Promise<boolean> {
  return (await tx.run(isUndecidedDue, [askAfterMs, readingForMs]))[0]?.is_due === true;
}
