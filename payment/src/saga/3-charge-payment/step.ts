import { sumByKey, surplus } from '../../../../shared/amounts';
import type { CheckoutEvent, SagaEvent } from '../../../../shared/contract/events';
import { firstOfLife, lastOfLife } from '../../../../shared/contract/saga-ids';
import { blockedBy, namesOf } from '../../../../shared/inbox/blocked';
import type { Step } from '../../../../shared/inbox/step';
import { asJson, columns } from '../../../../shared/postgres/statement';
import { decideCharges } from './decide';
import {
  findAttempts,
  findLockedUsers,
  readCharges,
  recordCharges,
  returnCredit,
  takeCredit,
} from './statements';

/** Returns the parameters of `findAttempts`. */
function livesOf(events: readonly CheckoutEvent[]): string[][] {
  const ids = events.map(({ data }) => data.saga_id);
  return [ids, events.map(({ data }) => data.order_id), ids.map(firstOfLife), ids.map(lastOfLife)];
}

/** Step 3 takes the credit or refuses the charge. The row that it writes is the commit decision. */
export const chargePayment: Step = {
  queue: 'payment.charge',
  lockedRows: { users: 'id' },
  async run(tx, events: readonly CheckoutEvent[]) {
    const asked = sumByKey(
      events.flatMap(({ type, data }) => (type === 'stock.reserved' ? [[data.user_id, data.amount]] : [])),
    );
    // The statements are sent at once and run one after the other, so the attempts are read after the users are locked.
    const [users, attempts] = await Promise.all([
      tx.run(takeCredit, [asJson(asked)]),
      tx.run(findAttempts, livesOf(events)),
    ]);
    const hidden = attempts.flatMap(({ saga_id, asked_id }) => (saga_id > asked_id ? asked_id : []));
    const earlier = hidden.length > 0 ? await tx.run(readCharges, [hidden]) : [];
    const { decided, emit, duplicates } = decideCharges(
      { users, charges: [...attempts, ...earlier] },
      events,
    );

    if (decided.length > 0) {
      const names = ['saga_id', 'order_id', 'user_id', 'amount', 'state', 'reason', 'lines_crc32'] as const;
      tx.send(recordCharges, columns(decided, ...names));
    }
    const captured = decided.filter((charge) => charge.state === 'CAPTURED');
    const returned = surplus({
      had: users.map((user) => [user.id, user.credit]),
      asked,
      used: captured.map((charge) => [charge.user_id, charge.amount]),
    });
    if (returned.length > 0) {
      tx.send(returnCredit, [asJson(returned)]);
    }
    return { emit, duplicates };
  },

  /** A cancellation takes nothing from its user. */
  async findBlocked(tx, events) {
    const userOf = ({ type, data }: SagaEvent) => (type === 'stock.reserved' ? [data.user_id] : []);
    const locked = await tx.run(findLockedUsers, [[...new Set(events.flatMap(userOf))]]);
    return blockedBy(events, userOf, namesOf('users', locked));
  },
};
