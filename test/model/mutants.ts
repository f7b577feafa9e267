import { endSagas } from '../../order/src/saga/5-settle-checkout/statements';
import { readCharges } from '../../payment/src/saga/3-charge-payment/statements';
import {
  readReservations,
  readReserved,
  readWaitedFor,
  recordReservations,
} from '../../stock/src/saga/2-reserve-stock/statements';
import { readItemsWaitedFor, recordTombstones } from '../../stock/src/saga/4-settle-reservation/statements';
import { on } from './memory';
import type { Reasons } from './order-tables';
import { recordedIn } from './stock-tables';
import { protocol, type Rules } from './world';

/**
 * Here is the protocol broken in one place at a time, the way it would be in a service: a statement that lacks a
 * condition or finds nothing, effects in the wrong order, an event heard by the wrong step. A checker that does not
 * notice one of these would not notice it in the services either.
 */

/** What is wrong whenever it happens: for the model. */
export const brokenProtocols: Record<string, Partial<Rules>> = {
  'order decides a timeout by itself': { deadline: 'decides' },

  'stock releases what it has not heard of, and leaves no tombstone': {
    sql: { stock: () => on(recordTombstones, () => undefined) },
  },

  'an outcome ends whatever saga the order is in, not the one it is of': {
    sql: {
      order: ({ orders, sagas }) => ({
        ...on(endSagas, (tx, json: string) =>
          Object.entries<Reasons[string]>(JSON.parse(json)).flatMap(([saga_id, reason]) => {
            const { order_id, amount } = tx.get(sagas, saga_id) ?? {};
            const current = tx.get(sagas, tx.get(orders, order_id ?? '')?.saga_id ?? '');
            if (order_id === undefined || current?.state !== 'PENDING') {
              return [];
            }
            const state = reason === null ? 'PAID' : 'FAILED';
            tx.put(sagas, current.saga_id, { ...current, state, reason });
            return { saga_id, order_id, state: 'PENDING', amount: amount as number, age_seconds: 0 };
          }),
        ),
      }),
    },
  },

  'items are added while the order is checked out': { lines: 'always open' },

  'stock does not remember what it has reserved': {
    sql: {
      stock: ({ reservations }) => ({
        ...on(readReservations, () => []),
        ...on(recordReservations, (tx, ...columns: unknown[][]) => {
          for (const row of recordedIn(columns)) {
            tx.put(reservations, row.saga_id, row);
          }
          return undefined;
        }),
      }),
    },
  },

  'payment does not remember what it has decided': {
    sql: { payment: () => on(readCharges, () => []) },
  },

  'the buyer is told "failed" when payment says no, before the stock is back': {
    hear: (event) =>
      event.type === 'payment.rejected'
        ? [
            ...protocol.hear(event),
            { queue: 'order.settle', event: { ...event, type: 'stock.released', data: event.data } },
          ]
        : protocol.hear(event),
  },

  'stock refuses although held units may come back': {
    sql: {
      stock: () =>
        on(readReserved, (_, itemIds: string[]) => itemIds.map((item_id) => ({ item_id, quantity: 0 }))),
    },
  },

  'a newcomer is served before those who wait': {
    sql: { stock: () => on(readWaitedFor, () => []) },
  },

  'those who wait are not told when units come back': {
    sql: { stock: () => on(readItemsWaitedFor, () => []) },
  },
};

/** What is wrong only if something comes between two effects of one handler: for the simulation. */
export const brokenHandlers: Record<string, Partial<Rules>> = {
  'a checkout reads the order without locking it': { checkout: 'reads it unlocked' },
  'events are published before the commit': { publishing: 'before the commit' },
  'messages are acknowledged before the commit': { acknowledging: 'before the commit' },
  'a checkout is repeated as the same saga when the answer to its COMMIT got lost': {
    afterLostCommit: 'the same saga',
  },
  'the outbox is read by id > last': { outbox: 'read by id > last' },
};
