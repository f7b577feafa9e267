import type { CheckoutEvent } from '../../../../shared/contract/events';
import type { Tx } from '../../../../shared/postgres/tx';
import { isSagaOverdue, takeOverdueSagas } from './statements';

/**
 * The deadline itself decides nothing: order asks payment to cancel the saga, and payment cancels it unless it has
 * already decided. Order asks again until the saga ends. Payment answers each repetition with its recorded decision,
 * which also replaces a lost event.
 *
 * @param options.cancelAfterMs the time to the first deadline
 * @param options.readingForMs for how long payment has been reading its queue; null while it does not
 * @returns the requests; none when no more are due
 */
export async function cancelOverdue(
  tx: Tx,
  {
    cancelAfterMs,
    readingForMs,
    limit,
  }: { cancelAfterMs: number; readingForMs: number | null; limit: number },
): Promise<CheckoutEvent[]> {
  const overdue = await tx.run(takeOverdueSagas, [cancelAfterMs, readingForMs, limit]);
  return overdue.map(({ traceparent, ...data }) => ({
    type: 'order.checkout_cancel_requested',
    traceparent,
    data,
  }));
}

export async function isAnyOverdue(tx: Tx, cancelAfterMs: number, readingForMs: number): Promise<boolean> {
  return (await tx.run(isSagaOverdue, [cancelAfterMs, readingForMs]))[0]?.is_overdue === true;
}
