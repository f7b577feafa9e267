import type { ChargeRow, UserRow } from '../../payment/src/saga/3-charge-payment/decide';
import {
  lockUsers,
  readCharges,
  recordCharges,
  takeCredit,
} from '../../payment/src/saga/3-charge-payment/statements';
import type { FailureReason } from '../../shared/contract/events';
import { on, type Sql, Table } from './memory';
import type { Message } from './order-tables';

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
    outbox: new Table<Message>(),
  };
}
export type PaymentTables = ReturnType<typeof paymentTables>;

export function paymentSql({ users, charges, ledger }: PaymentTables): Sql {
  return {
    ...on(lockUsers, (tx, ids: string[]) => tx.getAll(users, ids)),
    ...on(readCharges, (tx, sagaIds: string[]) => tx.getAll(charges, sagaIds)),
    ...on(recordCharges, (tx, ...columns: [string[], string[], string[], number[], string[], string[]]) => {
      const [sagaIds, orderIds, userIds, amounts, states, reasons] = columns;
      for (const [i, saga_id] of sagaIds.entries())
        tx.insert(charges, saga_id, {
          saga_id,
          order_id: orderIds[i] as string,
          user_id: userIds[i] as string,
          amount: amounts[i] as number,
          state: states[i] as ChargeRow['state'],
          reason: reasons[i] as FailureReason | null,
        });
      return undefined;
    }),
    ...on(takeCredit, (tx, sagaIds: string[], _orderIds: string[], userIds: string[], amounts: number[]) => {
      for (const [i, saga_id] of sagaIds.entries()) {
        const user_id = userIds[i] as string;
        const delta = -(amounts[i] as number);
        tx.put(ledger, `capture/${saga_id}`, { user_id, delta, saga_id });
        tx.update(users, user_id, (user) => ({ ...user, credit: user.credit + delta }));
      }
      return undefined;
    }),
    http_lock_user: (tx, id: string) => tx.getAll(users, [id]),
    http_change_credit: (tx, user_id: string, delta: number) => {
      tx.update(users, user_id, (user) => ({ ...user, credit: user.credit + delta }));
      tx.put(ledger, `change/${ledger.size}`, { user_id, delta, saga_id: null });
      return undefined;
    },
  };
}
