import { InvariantViolation } from '../../../../shared/errors';
import type { Step } from '../../../../shared/inbox/step';
import { decideSettlements, type Settlement } from './decide';
import { endSagas, lockSagas, settleOrders } from './statements';

/**
 * Step 5: an outcome makes the order PAID, or OPEN again with a reason.
 * @param onSettled told after the commit, so that whoever waits can be answered
 */
export function settleCheckout(onSettled: (settled: Settlement[]) => void): Step {
  return {
    queue: 'order.settle',
    async run(tx, events) {
      const rows = await tx.run(lockSagas, [events.map((event) => event.data.saga_id)]);
      const { settled, duplicates } = decideSettlements(rows, events);
      if (settled.length > 0) {
        const sagaIds = settled.map((s) => s.saga_id);
        const states = settled.map((s) => s.state);
        const [orders] = await Promise.all([
          tx.run(settleOrders, [settled.map((s) => s.order_id), sagaIds, states]),
          tx.run(endSagas, [sagaIds, states, settled.map((s) => s.reason)]),
        ]);
        if (orders.length !== settled.length)
          throw new InvariantViolation('a pending saga had an order that was not checking out');
      }
      return { emit: [], duplicates, afterCommit: () => onSettled(settled) };
    },
  };
}
