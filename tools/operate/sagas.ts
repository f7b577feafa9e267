import { encodeBatch } from '../../shared/contract/cloudevents';
import type { SagaEvent } from '../../shared/contract/events';
import { insertOutbox } from '../../shared/outbox/statements';
import type { Database } from '../../shared/postgres/database';
import type { Statement } from '../../shared/postgres/statement';
import type { ServiceName } from '../../shared/services';
import { mustBeReachable } from '../support/databases';
import { noteCancel, type Operator } from './actions';
import type { ShopConnections } from './connections';
import * as sql from './saga-statements';

/** States by which sagas can be looked for: three of order, and the two of stock in which something is undecided. */
export const listableStates = ['PENDING', 'PAID', 'FAILED', 'WAITING', 'RESERVED'] as const;
export type ListableState = (typeof listableStates)[number];

export interface SagaSummary extends sql.ListedSaga {
  /** Undefined where the service knows nothing of the saga, '?' where its database cannot be read. */
  order?: string;
  stock?: string;
  payment?: string;
}

export interface SagaListing {
  sagas: SagaSummary[];
  /** Whether there may be more than the limit let through. */
  more: boolean;
}

export interface SagaFilter {
  /** Those in a state, or those of an order in whatever state. */
  readonly of: { readonly state: ListableState } | { readonly order: string };
  readonly olderThanMs: number;
  readonly limit: number;
}

/** Undecided sagas come the oldest first, ended ones and those of an order the latest first. */
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
  { of, olderThanMs, limit }: SagaFilter,
): Promise<sql.ListedSaga[]> {
  const bounds = [olderThanMs, limit];
  if ('state' in of && (of.state === 'WAITING' || of.state === 'RESERVED')) {
    await mustBeReachable({ stock });
    return stock.transaction((tx) => tx.run(sql.listReservations, [...bounds, of.state]));
  }
  await mustBeReachable({ order });
  return order.transaction((tx) => {
    if ('order' in of) {
      return tx.run(sql.listOfOrder, [...bounds, of.order]);
    }
    if (of.state === 'PENDING') {
      return tx.run(sql.listPending, bounds);
    }
    return tx.run(sql.listEnded, [...bounds, of.state]);
  });
}

export async function isOrder({ databases }: ShopConnections, id: string): Promise<boolean> {
  return (await databases.order.transaction((tx) => tx.run(sql.findOrder, [id]))).length > 0;
}

/** A service whose database is away is a likely reason for asking, so the others are shown without it. */
async function statesIn(database: Database, states: Statement<sql.StateRow>, ids: readonly string[]) {
  const rows = await database.transaction((tx) => tx.run(states, [ids])).catch(() => undefined);
  const known = new Map(rows?.map(({ saga_id, state }) => [saga_id, state]));
  return (service: ServiceName, sagaId: string): Partial<SagaSummary> => {
    const state = rows ? known.get(sagaId) : '?';
    return state === undefined ? {} : { [service]: state };
  };
}

export type CancelAnswer =
  | { kind: 'asked' }
  | { kind: 'unknown' }
  | { kind: 'ended'; state: string; reason: string | null };

/**
 * Asks payment to cancel a saga, as order itself does at the deadline: payment alone decides, and answers with what it
 * decided if it has. The question and the note of who asked are one transaction; order's own outbox sends it.
 */
export async function cancelSaga(
  { databases }: ShopConnections,
  sagaId: string,
  operator: Operator,
): Promise<CancelAnswer> {
  await mustBeReachable({ order: databases.order });
  return databases.order.transaction(async (tx): Promise<CancelAnswer> => {
    const [saga] = await tx.run(sql.readCancellable, [sagaId]);
    if (!saga) {
      return { kind: 'unknown' };
    }
    const { state, reason, traceparent, ...data } = saga;
    if (state !== 'PENDING') {
      return { kind: 'ended', state, reason };
    }
    const event: SagaEvent = { type: 'order.checkout_cancel_requested', traceparent, data };
    await tx.run(insertOutbox, [event.type, encodeBatch([event], new Date().toISOString())]);
    const named = { saga_id: sagaId, event_id: `${sagaId}/${event.type}` };
    await noteCancel(tx, named, operator, { order_id: saga.order_id, state });
    return { kind: 'asked' };
  });
}
