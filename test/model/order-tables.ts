import type { KeyRow, LineRow, OrderRow } from '../../order/src/saga/1-request-checkout/decide';
import {
  correctOrders,
  freezeOrders,
  openSagas,
  readCheckoutKeys,
  readLines,
  storeCheckoutKeys,
} from '../../order/src/saga/1-request-checkout/statements';
import type { SagaRow, Sale } from '../../order/src/saga/5-settle-checkout/decide';
import { disputeSagas, endSagas, readSagas } from '../../order/src/saga/5-settle-checkout/statements';
import { takeOverdueSagas } from '../../order/src/saga/cancel-overdue/statements';
import type { FailureReason } from '../../shared/contract/events';
import { commonTables, on, type Sql, Table } from './memory';

export interface SagaState {
  saga_id: string;
  order_id: string;
  user_id: string;
  amount: number;
  lines_crc32: number | null;
  traceparent: string;
  state: NonNullable<OrderRow['state']>;
  reason: FailureReason | null;
  /** Whether its deadline has passed. There is no clock here: `runDeadlines` sets it. */
  overdue: boolean;
}

export function orderTables() {
  return {
    orders: new Table<OrderEntry>(),
    /** All lines of an order, by order. */
    lines: new Table<readonly LineRow[]>(),
    sagas: new Table<SagaState>((saga) => saga.state === 'PENDING'),
    keys: new Table<KeyRow>(),
    ...commonTables(),
  };
}
export type OrderTables = ReturnType<typeof orderTables>;

/** An order's own row. */
export interface OrderEntry {
  readonly id: string;
  readonly user_id: string;
  readonly saga_id: string | null;
}

/** Returns the id of an order's next saga. As in the services, 30 characters name the life, and six count the attempts. */
export function nextSagaId({ id, saga_id }: OrderEntry): string {
  const attempt = Number(saga_id?.slice(30) ?? 0) + 1;
  return `${id.padEnd(30, '.')}${String(attempt).padStart(6, '0')}`;
}

/** Shortens the ids of sagas for readers: the first one of order A is "A.1". */
export function withShortIds(text: string): string {
  return text.replace(/\.{2,}0*/g, '.');
}

/** The reason of each saga; null for one that ended as PAID. */
export type Reasons = Record<string, FailureReason | null>;

const sagaRow = ({ saga_id, order_id, user_id, state, amount, lines_crc32 }: SagaState): SagaRow => ({
  ...{ saga_id, order_id, user_id, state, amount, lines_crc32, age_seconds: 0 },
});

/** @param nextId chooses the id of an order's next saga */
export function freezing({ orders, sagas }: OrderTables, nextId: (order: OrderEntry) => string): Sql {
  return on(freezeOrders, (tx, json: string) => {
    const mayOpen: Record<string, boolean> = JSON.parse(json);
    return tx.getAll(orders, Object.keys(mayOpen)).map((order) => {
      const state = order.saga_id === null ? null : (tx.get(sagas, order.saga_id)?.state ?? null);
      const freezes = mayOpen[order.id] && (order.saga_id === null || state === 'FAILED');
      const frozen_for = freezes ? nextId(order) : order.saga_id;
      if (freezes) {
        tx.put(orders, order.id, { ...order, saga_id: frozen_for });
      }
      return { ...order, state, frozen_for };
    });
  });
}

export function orderSql(tables: OrderTables): Sql {
  const { orders, lines, sagas, keys } = tables;
  return {
    ...freezing(tables, nextSagaId),
    ...on(readLines, (tx, orderIds: string[]) => orderIds.flatMap((id) => tx.get(lines, id) ?? [])),
    ...on(correctOrders, (tx, json: string) => {
      const corrections: Record<string, string | null> = JSON.parse(json);
      for (const [id, saga_id] of Object.entries(corrections)) {
        tx.update(orders, id, (order) => ({ ...order, saga_id }));
      }
      return undefined;
    }),
    ...on(readCheckoutKeys, (tx, names: string[]) => tx.getAll(keys, names)),
    ...on(
      openSagas,
      (tx, ...columns: [string[], string[], string[], number[], string[], number[], number]) => {
        const [sagaIds, orderIds, userIds, amounts, traceparents, crcs] = columns;
        for (const [i, saga_id] of sagaIds.entries()) {
          tx.insert(sagas, saga_id, {
            saga_id,
            order_id: orderIds[i] as string,
            user_id: userIds[i] as string,
            amount: amounts[i] as number,
            traceparent: traceparents[i] as string,
            lines_crc32: crcs[i] as number,
            state: 'PENDING',
            reason: null,
            overdue: false,
          });
        }
        return undefined;
      },
    ),
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
    ...on(disputeSagas, (tx, json: string) => {
      for (const [id, sale] of Object.entries<Sale>(JSON.parse(json))) {
        tx.update(sagas, id, (saga) => ({ ...saga, ...sale, state: 'DISPUTED' as const }));
      }
      return undefined;
    }),
    ...on(readSagas, (tx, ids: string[]) => tx.getAll(sagas, ids).map(sagaRow)),
    ...on(takeOverdueSagas, (tx, _cancelAfterMs: number, _readingForMs: number, limit: number) => {
      const overdue = tx
        .getOpen(sagas)
        .filter((saga) => saga.overdue)
        .slice(0, limit);
      for (const saga of overdue) {
        tx.put(sagas, saga.saga_id, { ...saga, overdue: false });
      }
      return overdue.map(({ saga_id, order_id, user_id, amount, traceparent }) => ({
        ...{ saga_id, order_id, user_id, amount, traceparent },
      }));
    }),
    http_lock_order: (tx, id: string) =>
      tx.getAll(orders, [id]).map((order) => ({
        ...order,
        state: order.saga_id === null ? null : (tx.get(sagas, order.saga_id)?.state ?? null),
      })),
  };
}
