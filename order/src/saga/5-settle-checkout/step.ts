import type { Step } from '../../../../shared/inbox/step';
import { asJson } from '../../../../shared/postgres/statement';
import { decideSettlements, firstOutcomes, type Settlement } from './decide';
import { endSagas, readSagas } from './statements';

/**
 * Step 5: an outcome ends the saga, which makes the order PAID, or OPEN again with a reason.
 * @param onSettled told after the commit, so that whoever waits can be answered
 */
export function settleCheckout(onSettled: (settled: Settlement[]) => void): Step {
  return {
    queue: 'order.settle',
    async run(tx, events) {
      const outcomes = firstOutcomes(events);
      const sagaIds = outcomes.map((outcome) => outcome.saga_id);
      const reasons = asJson(outcomes.map(({ saga_id, reason }) => [saga_id, reason]));
      const pending = await tx.run(endSagas, [reasons]);
      const ended =
        pending.length < sagaIds.length ? await tx.run(readSagas, [except(sagaIds, pending)]) : [];
      const { settled, duplicates } = decideSettlements([...pending, ...ended], events);
      return { emit: [], duplicates, afterCommit: () => onSettled(settled) };
    },
  };
}

function except(sagaIds: readonly string[], rows: readonly { saga_id: string }[]): string[] {
  const found = new Set(rows.map((row) => row.saga_id));
  return sagaIds.filter((sagaId) => !found.has(sagaId));
}
