import type { SagaEvent } from '../../../../shared/contract/events';
import type { Tx } from '../../../../shared/postgres/tx';
import { takeOverdueSagas } from './statements';

/**
 * A deadline decides nothing: it asks payment, who declines unless it has decided already. Asked again until the
 * saga ends, because payment answers a repeated question with its recorded decision, which mends a lost event too.
 */
export async function cancelOverdue(tx: Tx, repeatAfterMs: number, limit: number): Promise<SagaEvent[]> {
  const overdue = await tx.run(takeOverdueSagas, [repeatAfterMs, limit]);
  return overdue.map(({ traceparent, ...data }) => ({
    type: 'order.checkout_cancel_requested',
    traceparent,
    data,
  }));
}
