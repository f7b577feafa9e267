import type { SagaEvent } from '../../../../shared/contract/events';
import type { Tx } from '../../../../shared/postgres/tx';
import { isSagaOverdue, takeOverdueSagas } from './statements';

/**
 * The deadline itself decides nothing: order asks payment to cancel the saga, and payment cancels it unless it has
 * already decided. Order asks again until the saga ends. Payment answers each repetition with its recorded decision,
 * which also replaces a lost event.
 *
 * @param options.cancelAfterMs the time to the first deadline
 * @param options.again whether payment has read the earlier requests
 * @returns the requests; none when no more are due
 */
export async function cancelOverdue(
  tx: Tx,
  { cancelAfterMs, again, limit }: { cancelAfterMs: number; again: boolean; limit: number },
): Promise<SagaEvent[]> {
  const overdue = await tx.run(takeOverdueSagas, [cancelAfterMs, again, limit]);
  return overdue.map(({ traceparent, ...data }) => ({
    type: 'order.checkout_cancel_requested',
    traceparent,
    data,
  }));
}

export async function isAnyOverdue(tx: Tx, cancelAfterMs: number): Promise<boolean> {
  return (await tx.run(isSagaOverdue, [cancelAfterMs, true]))[0]?.is_overdue === true;
}
