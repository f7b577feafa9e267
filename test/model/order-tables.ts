import type { KeyRow, LineRow, OrderRow } from '../../order/src/saga/1-request-checkout/decide';
import {
  freezeOrders,
  lockOrders,
  openSagas,
  readCheckoutKeys,
  readOpenLines,
  storeCheckoutKeys,
} from '../../order/src/saga/1-request-checkout/statements';
import { endSagas, lockSagas, settleOrders } from '../../order/src/saga/5-settle-checkout/statements';
import { takeOverdueSagas } from '../../order/src/saga/cancel-overdue/statements';
import type { FailureReason, SagaEvent } from '../../shared/contract/events';
import { on, type Sql, Table } from './memory';

export interface SagaState {
  saga_id: string;
  order_id: string;
  user_id: string;
  amount: number;
  traceparent: string;
  state: 'PENDING' | 'PAID' | 'FAILED';
  reason: FailureReason | null;
  /** Whether its deadline has passed. There is no clock here: time passes when the world says so. */
  overdue: boolean;
}

/** A row of the outbox: a message, and so events of one type. */
export type Message = readonly SagaEvent[];

export function orderTables() {
  return {
    orders: new Table<OrderRow>(),
    /** By order: all of its lines. */
    lines: new Table<readonly LineRow[]>(),
    sagas: new Table<SagaState>((saga) => saga.state === 'PENDING'),
    keys: new Table<KeyRow>(),
    outbox: new Table<Message>(),
  };
}
export type OrderTables = ReturnType<typeof orderTables>;

export function orderSql({ orders, lines, sagas, keys }: OrderTables): Sql {
  return {
    ...on(lockOrders, (tx, ids: string[]) => tx.getAll(orders, ids)),
    ...on(readOpenLines, (tx, ids: string[]) =>
      tx
        .getAll(orders, ids)
        .flatMap((order) => (order.status === 'OPEN' ? (tx.get(lines, order.id) ?? []) : [])),
    ),
    ...on(readCheckoutKeys, (tx, names: string[]) => tx.getAll(keys, names)),
    ...on(freezeOrders, (tx, orderIds: string[], sagaIds: string[]) =>
      orderIds.flatMap((id, i) =>
        tx.update(orders, id, (order): OrderRow | undefined =>
          order.status === 'OPEN'
            ? { ...order, status: 'CHECKING_OUT', saga_id: sagaIds[i] as string }
            : undefined,
        )
          ? { id }
          : [],
      ),
    ),
    ...on(openSagas, (tx, ...columns: [string[], string[], string[], number[], string[], number]) => {
      const [sagaIds, orderIds, userIds, amounts, traceparents] = columns;
      for (const [i, saga_id] of sagaIds.entries())
        tx.insert(sagas, saga_id, {
          saga_id,
          order_id: orderIds[i] as string,
          user_id: userIds[i] as string,
          amount: amounts[i] as number,
          traceparent: traceparents[i] as string,
          state: 'PENDING',
          reason: null,
          overdue: false,
        });
      return undefined;
    }),
    ...on(storeCheckoutKeys, (tx, names: string[], fingerprints: string[], sagaIds: string[]) => {
      for (const [i, key] of names.entries())
        tx.insert(keys, key, { key, fingerprint: fingerprints[i] as string, saga_id: sagaIds[i] as string });
      return undefined;
    }),
    ...on(lockSagas, (tx, ids: string[]) =>
      tx.getAll(sagas, ids).flatMap(({ saga_id, order_id, state, amount }) => {
        const order = tx.get(orders, order_id);
        if (!order) return [];
        return { saga_id, order_id, state, amount, current_saga_id: order.saga_id, age_seconds: 0 };
      }),
    ),
    ...on(endSagas, (tx, ids: string[], states: ('PAID' | 'FAILED')[], reasons: (FailureReason | null)[]) => {
      for (const [i, id] of ids.entries())
        tx.update(sagas, id, (saga) =>
          saga.state === 'PENDING'
            ? { ...saga, state: states[i] as 'PAID' | 'FAILED', reason: reasons[i] as FailureReason | null }
            : undefined,
        );
      return undefined;
    }),
    ...on(settleOrders, (tx, orderIds: string[], sagaIds: string[], states: ('PAID' | 'FAILED')[]) =>
      orderIds.flatMap((id, i) =>
        tx.update(orders, id, (order): OrderRow | undefined =>
          order.saga_id === sagaIds[i] && order.status === 'CHECKING_OUT'
            ? { ...order, status: states[i] === 'PAID' ? 'PAID' : 'OPEN' }
            : undefined,
        )
          ? { id }
          : [],
      ),
    ),
    ...on(takeOverdueSagas, (tx, _repeatAfterMs: number, limit: number) => {
      const overdue = tx
        .getOpen(sagas)
        .filter((saga) => saga.overdue)
        .slice(0, limit);
      for (const saga of overdue) tx.put(sagas, saga.saga_id, { ...saga, overdue: false });
      return overdue.map(({ saga_id, order_id, user_id, amount, traceparent }) => ({
        saga_id,
        order_id,
        user_id,
        amount,
        traceparent,
      }));
    }),
    http_lock_order: (tx, id: string) => tx.getAll(orders, [id]),
  };
}
