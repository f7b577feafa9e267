import { encodeBatch } from '../../shared/contract/cloudevents';
import type { SagaEvent } from '../../shared/contract/events';
import { insertOutbox } from '../../shared/outbox/statements';
import type { Database } from '../../shared/postgres/database';
import type { Statement } from '../../shared/postgres/statement';
import type { ParticipantName } from '../../shared/services';
import { mustBeReachable } from '../support/databases';
import type { ShopConnections } from './connections';
import { type Operator, recordOnSaga } from './operator-actions';
import * as sql from './saga-lists';

/** The states that sagas can be listed by: four of order, and the two of stock that are undecided. */
export const listableStates = ['PENDING', 'PAID', 'FAILED', 'DISPUTED', 'WAITING', 'RESERVED'] as const;
export type ListableState = (typeof listableStates)[number];

export interface SagaSummary extends sql.ListedSaga {
  /** Undefined where the service does not know the saga, '?' where its database cannot be read. */
  order?: string;
  stock?: string;
  payment?: string;
}

export interface SagaListing {
  sagas: SagaSummary[];
  /** Whether there may be more sagas than the limit allows. */
  more: boolean;
}

export interface SagaFilter {
  /** The sagas in a state, or all sagas of an order. */
  readonly by: { readonly state: ListableState } | { readonly order: string };
  readonly olderThanMs: number;
  readonly limit: number;
}

/** Undecided sagas come oldest first. Ended ones, and those of an order, come by when they were opened, latest first. */
export async function listSagas({ databases }: ShopConnections, filter: SagaFilter): Promise<SagaListing> {
  const { order, payment, stock } = databases;
  const found = await findSagas(databases, filter);
  const ids = found.map((saga) => saga.saga_id);
  const [inOrder, inStock, inPayment] = await Promise.all([
    statesIn(order, sql.orderStates, ids),
    statesIn(stock, sql.stockStates, ids),
    statesIn(payment, sql.paymentStates, ids),
  ]);
  const sagas = found.map((saga) => ({
    ...saga,
    ...inOrder('order', saga.saga_id),
    ...inStock('stock', saga.saga_id),
    ...inPayment('payment', saga.saga_id),
  }));
  return { sagas, more: found.length === filter.limit };
}

async function findSagas(
  { order, stock }: ShopConnections['databases'],
  { by, olderThanMs, limit }: SagaFilter,
): Promise<sql.ListedSaga[]> {
  const bounds = [olderThanMs, limit];
  if ('state' in by && (by.state === 'WAITING' || by.state === 'RESERVED')) {
    await mustBeReachable({ stock });
    return stock.transaction((tx) => tx.run(sql.listReservations, [...bounds, by.state]));
  }
  await mustBeReachable({ order });
  return order.transaction((tx) => {
    if ('state' in by && by.state === 'PENDING') {
      return tx.run(sql.listPending, bounds);
    }
    return 'order' in by
      ? tx.run(sql.listOfOrder, [...bounds, by.order])
      : tx.run(sql.listEnded, [...bounds, by.state]);
  });
}

export async function isOrder({ databases }: ShopConnections, id: string): Promise<boolean> {
  return (await databases.order.transaction((tx) => tx.run(sql.findOrder, [id]))).length > 0;
}

/** Operators often ask because a database is down, so the other services are shown without it. */
async function statesIn(database: Database, states: Statement<sql.StateRow>, ids: readonly string[]) {
  const rows = await database.transaction((tx) => tx.run(states, [ids])).catch(() => undefined);
  const known = new Map(rows?.map(({ saga_id, state }) => [saga_id, state]));
  return (service: ParticipantName, sagaId: string): Partial<SagaSummary> => {
    const state = rows ? known.get(sagaId) : '?';
    return state === undefined ? {} : { [service]: state };
  };
}

export type CancelResult =
  | { kind: 'asked' }
  | { kind: 'unknown' }
  | { kind: 'ended'; state: string; reason: string | null; stock: string | undefined };

/**
 * Asks payment to cancel a saga, as order itself does at the deadline. Payment alone decides; once it has decided, it
 * answers with that decision. The request and the record of who asked are one transaction, and order's own outbox sends
 * the request.
 */
export async function cancelSaga(
  { databases }: ShopConnections,
  sagaId: string,
  operator: Operator,
): Promise<CancelResult> {
  await mustBeReachable({ order: databases.order });
  const result = await databases.order.transaction(async (tx) => {
    const [saga] = await tx.run(sql.readCancellable, [sagaId]);
    if (!saga) {
      return { kind: 'unknown' } as const;
    }
    const { state, reason, traceparent, ...data } = saga;
    if (state !== 'PENDING') {
      return { kind: 'ended', state, reason } as const;
    }
    const event: SagaEvent = { type: 'order.checkout_cancel_requested', traceparent, data };
    await tx.run(insertOutbox, [event.type, encodeBatch([event], new Date().toISOString())]);
    const target = { saga_id: sagaId, event_id: `${sagaId}/${event.type}` };
    await recordOnSaga(tx, 'cancel', target, operator, { order_id: saga.order_id, state });
    return { kind: 'asked' } as const;
  });
  if (result.kind !== 'ended') {
    return result;
  }
  const inStock = await statesIn(databases.stock, sql.stockStates, [sagaId]);
  return { ...result, stock: inStock('stock', sagaId).stock };
}
