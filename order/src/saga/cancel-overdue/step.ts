import type { SagaEvent } from '../../../../shared/contract/events';
import type { Tx } from '../../../../shared/postgres/tx';
import { takeOverdueSagas } from './statements';

/**
 * The deadline itself decides nothing: order asks payment to cancel the saga, and payment cancels it unless it has
 * already decided. Order asks again until the saga ends. Payment answers each repetition with its recorded decision,
 * which also replaces a lost event.
 */
export async function cancelOverdue(tx: Tx, repeatAfterMs: number, limit: number): Promise<SagaEvent[]> {
  const overdue = await tx.run(takeOverdueSagas, [repeatAfterMs, limit]);
  return overdue.map(({ traceparent, ...data }) => ({
    type: 'order.checkout_cancel_requested',
    traceparent,
    data,
  }));
}
