import { blockedBy, namesOf } from '../../../../shared/inbox/blocked';
import type { Step } from '../../../../shared/inbox/step';
import { asJson } from '../../../../shared/postgres/statement';
import { decideSettlements, firstReasons, type Settlement } from './decide';
import { disputeSagas, endSagas, findLockedSagas, readSagas } from './statements';

/**
 * Step 5 ends a saga with its outcome, which makes the order PAID, OPEN again with a reason, or DISPUTED.
 * @param onSettled called after the commit, so that waiting requests can be answered
 */
export function settleCheckout(onSettled: (settled: Settlement[]) => void): Step {
  return {
    queue: 'order.settle',
    lockedRows: { sagas: 'id' },
    async run(tx, events) {
      const reasons = firstReasons(events);
      const pending = await tx.run(endSagas, [asJson(reasons)]);
      const found = new Set(pending.map((saga) => saga.saga_id));
      const missing = [...reasons.keys()].filter((sagaId) => !found.has(sagaId));
      const ended = missing.length > 0 ? await tx.run(readSagas, [missing]) : [];
      const { settled, duplicates } = decideSettlements([...pending, ...ended], events);
      const sales = settled.flatMap(({ saga_id, sale }) => (sale ? [[saga_id, sale] as const] : []));
      if (sales.length > 0) {
        tx.send(disputeSagas, [asJson(sales)]);
      }
      return { emit: [], duplicates, afterCommit: () => onSettled(settled) };
    },

    async findBlocked(tx, events) {
      const locked = await tx.run(findLockedSagas, [events.map((event) => event.data.saga_id)]);
      return blockedBy(events, ({ data }) => [data.saga_id], namesOf('sagas', locked));
    },
  };
}
