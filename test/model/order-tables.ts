import type { KeyRow, LineRow, OrderRow } from '../../order/src/saga/1-request-checkout/decide';
import {
  correctOrders,
  freezeOrders,
  openSagas,
  readCheckoutKeys,
  readLines,
  storeCheckoutKeys,
} from '../../order/src/saga/1-request-checkout/statements';
import type { SagaRow } from '../../order/src/saga/5-settle-checkout/decide';
import { endSagas, readSagas } from '../../order/src/saga/5-settle-checkout/statements';
import { takeOverdueSagas } from '../../order/src/saga/cancel-overdue/statements';
import type { FailureReason, SagaEvent } from '../../shared/contract/events';
import { on, type Sql, Table, type Transaction } from './memory';

export interface SagaState {
  saga_id: string;
  order_id: string;
  user_id: string;
  amount: number;
  traceparent: string;
  state: NonNullable<OrderRow['state']>;
  reason: FailureReason | null;
  /** Whether its deadline has passed. There is no clock here: `runDeadlines` sets it. */
  overdue: boolean;
}

/** A row of the outbox: a message, which has events of one type. */
export type Message = readonly SagaEvent[];

export function orderTables() {
  return {
    orders: new Table<OrderEntry>(),
    /** All lines of an order, by order. */
    lines: new Table<readonly LineRow[]>(),
    sagas: new Table<SagaState>((saga) => saga.state === 'PENDING'),
    keys: new Table<KeyRow>(),
    outbox: new Table<Message>(),
  };
}
export type OrderTables = ReturnType<typeof orderTables>;

/** An order's own row. */
export interface OrderEntry {
  readonly id: string;
  readonly user_id: string;
  readonly saga_id: string | null;
}

/** The saga that may be opened for each order; null where none may. */
type Offers = Record<string, string | null>;

/** The reason of each saga; null for one that ended as PAID. */
export type Reasons = Record<string, FailureReason | null>;

const sagaRow = ({ saga_id, order_id, state, amount }: SagaState): SagaRow => ({
  ...{ saga_id, order_id, state, amount, age_seconds: 0 },
});

export function orderSql({ orders, lines, sagas, keys }: OrderTables): Sql {
  const lockOrders = (tx: Transaction, ids: readonly string[]): OrderRow[] =>
    tx.getAll(orders, ids).map((order) => ({
      ...order,
      state: order.saga_id === null ? null : (tx.get(sagas, order.saga_id)?.state ?? null),
    }));
  return {
    ...on(freezeOrders, (tx, json: string) => {
      const offers: Offers = JSON.parse(json);
      const before = lockOrders(tx, Object.keys(offers));
      for (const { state, ...order } of before) {
        const saga_id = offers[order.id];
        if (saga_id && (order.saga_id === null || state === 'FAILED')) {
          tx.put(orders, order.id, { ...order, saga_id });
        }
      }
      return before;
    }),
    ...on(readLines, (tx, orderIds: string[]) => orderIds.flatMap((id) => tx.get(lines, id) ?? [])),
    ...on(correctOrders, (tx, json: string) => {
      const corrections: Offers = JSON.parse(json);
      for (const [id, saga_id] of Object.entries(corrections)) {
        tx.update(orders, id, (order) => ({ ...order, saga_id }));
      }
      return undefined;
    }),
    ...on(readCheckoutKeys, (tx, names: string[]) => tx.getAll(keys, names)),
    ...on(openSagas, (tx, ...columns: [string[], string[], string[], number[], string[], number]) => {
      const [sagaIds, orderIds, userIds, amounts, traceparents] = columns;
      for (const [i, saga_id] of sagaIds.entries()) {
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
      }
      return undefined;
    }),
    ...on(storeCheckoutKeys, (tx, names: string[], fingerprints: string[], sagaIds: string[]) => {
      for (const [i, key] of names.entries()) {
        tx.insert(keys, key, { key, fingerprint: fingerprints[i] as string, saga_id: sagaIds[i] as string });
      }
      return undefined;
    }),
    ...on(endSagas, (tx, json: string) => {
      const reasons: Reasons = JSON.parse(json);
      const pending = tx.getAll(sagas, Object.keys(reasons)).filter((saga) => saga.state === 'PENDING');
      for (const saga of pending) {
        const reason = reasons[saga.saga_id] ?? null;
        tx.put(sagas, saga.saga_id, { ...saga, state: reason === null ? 'PAID' : 'FAILED', reason });
      }
      return pending.map(sagaRow);
    }),
    ...on(readSagas, (tx, ids: string[]) => tx.getAll(sagas, ids).map(sagaRow)),
    ...on(takeOverdueSagas, (tx, _repeatAfterMs: number, limit: number) => {
      const overdue = tx
        .getOpen(sagas)
        .filter((saga) => saga.overdue)
        .slice(0, limit);
      for (const saga of overdue) {
        tx.put(sagas, saga.saga_id, { ...saga, overdue: false });
      }
      return overdue.map(({ saga_id, order_id, user_id, amount, traceparent }) => ({
        saga_id,
        order_id,
        user_id,
        amount,
        traceparent,
      }));
    }),
    http_lock_order: (tx, id: string) => lockOrders(tx, [id]),
  };
}
