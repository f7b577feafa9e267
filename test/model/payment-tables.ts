import type { ChargeRow, UserRow } from '../../payment/src/saga/3-charge-payment/decide';
import {
  findAttempts,
  readCharges,
  recordCharges,
  returnCredit,
  takeCredit,
} from '../../payment/src/saga/3-charge-payment/statements';
import type { FailureReason } from '../../shared/contract/events';
import { commonTables, on, type Sql, Table } from './memory';

export interface CreditEntry {
  user_id: string;
  delta: number;
  saga_id: string | null;
}

export function paymentTables() {
  return {
    users: new Table<UserRow>(),
    charges: new Table<ChargeRow>(),
    ledger: new Table<CreditEntry>(),
    ...commonTables(),
  };
}
export type PaymentTables = ReturnType<typeof paymentTables>;

/** Returns the last attempt that is the one asked for or a later one, or is not CANCELLED. */
export function lastBarring(attempts: readonly ChargeRow[], askedId: string): ChargeRow | undefined {
  return attempts
    .filter(({ saga_id, state }) => saga_id >= askedId || state !== 'CANCELLED')
    .reduce<ChargeRow | undefined>(
      (last, attempt) => (last && last.saga_id > attempt.saga_id ? last : attempt),
      undefined,
    );
}

export function paymentSql({ users, charges, ledger }: PaymentTables): Sql {
  return {
    ...on(takeCredit, (tx, json: string) => {
      const requested: Record<string, number> = JSON.parse(json);
      const before = tx.getAll(users, Object.keys(requested));
      for (const user of before) {
        tx.put(users, user.id, {
          ...user,
          credit: user.credit - Math.min(user.credit, requested[user.id] as number),
        });
      }
      return before;
    }),
    ...on(returnCredit, (tx, json: string) => {
      for (const [id, amount] of Object.entries<number>(JSON.parse(json))) {
        tx.update(users, id, (user) => ({ ...user, credit: user.credit + amount }));
      }
      return undefined;
    }),
    ...on(readCharges, (tx, sagaIds: string[]) => tx.getAll(charges, sagaIds)),
    ...on(findAttempts, (tx, ...columns: [string[], string[], string[], string[]]) => {
      const [sagaIds, orderIds, firstIds, lastIds] = columns;
      return sagaIds.flatMap((asked_id, i) => {
        const [first = '', last = ''] = [firstIds[i], lastIds[i]];
        const ofLife = charges
          .all()
          .filter(({ saga_id }) => saga_id >= first && saga_id <= last)
          .filter(({ saga_id, order_id }) => saga_id === asked_id || order_id === orderIds[i]);
        const id = lastBarring(ofLife, asked_id)?.saga_id ?? asked_id;
        // The user's lock keeps other captures away, and so does this read where another decision on this saga may be.
        const attempt = tx.get(charges, id);
        return attempt ? { ...attempt, asked_id } : [];
      });
    }),
    ...on(
      recordCharges,
      (tx, ...columns: [string[], string[], string[], number[], string[], string[], (number | null)[]]) => {
        const [sagaIds, orderIds, userIds, amounts, states, reasons, crcs] = columns;
        for (const [i, saga_id] of sagaIds.entries()) {
          const [user_id, amount] = [userIds[i] as string, amounts[i] as number];
          tx.insert(charges, saga_id, {
            ...{ saga_id, order_id: orderIds[i] as string, user_id, amount },
            state: states[i] as ChargeRow['state'],
            reason: reasons[i] as FailureReason | null,
            lines_crc32: crcs[i] as number | null,
          });
          if (states[i] === 'CAPTURED') {
            tx.put(ledger, `capture/${saga_id}`, { user_id, delta: -amount, saga_id });
          }
        }
        return undefined;
      },
    ),
    http_lock_user: (tx, id: string) => tx.getAll(users, [id]),
    http_change_credit: (tx, user_id: string, delta: number) => {
      tx.update(users, user_id, (user) => ({ ...user, credit: user.credit + delta }));
      tx.put(ledger, `change/${ledger.size}`, { user_id, delta, saga_id: null });
      return undefined;
    },
  };
}
