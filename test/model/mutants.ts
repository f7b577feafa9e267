import { endSagas, readSagas } from '../../order/src/saga/5-settle-checkout/statements';
import type { ChargeRow } from '../../payment/src/saga/3-charge-payment/decide';
import { findAttempts } from '../../payment/src/saga/3-charge-payment/statements';
import {
  readReservations,
  readReserved,
  readWaitedFor,
  recordReservations,
} from '../../stock/src/saga/2-reserve-stock/statements';
import { readItemsWaitedFor, recordTombstones } from '../../stock/src/saga/4-settle-reservation/statements';
import { on, type Sql } from './memory';
import { freezing, nextSagaId, type Reasons } from './order-tables';
import { toReservations } from './stock-tables';
import { protocol, type Rules } from './world';

/**
 * Mutants of the protocol. Each is broken in one place, as a service could be: a statement lacks a condition or finds
 * nothing, effects happen in the wrong order, or an event goes to the wrong step. A checker that misses one of these would
 * miss it in the services, too.
 */

interface Asked {
  asked_id: string;
  first: string;
  last: string;
}

/** Payment finds other charges than it should. */
function finding(find: (asked: Asked) => (ChargeRow | undefined)[]): Sql {
  return on(findAttempts, (_, ids: string[], __: string[], firsts: string[], lasts: string[]) =>
    ids.flatMap((asked_id, i) =>
      find({ asked_id, first: firsts[i] as string, last: lasts[i] as string }).flatMap((charge) =>
        charge ? { ...charge, asked_id } : [],
      ),
    ),
  );
}

/** Mutants that are wrong whatever the timing. The model finds them. */
export const brokenProtocols: Record<string, Partial<Rules>> = {
  'order decides a timeout without asking payment': { deadline: 'decides' },

  'stock releases an unknown saga without leaving a tombstone': {
    sql: { stock: () => on(recordTombstones, () => undefined) },
  },

  'an outcome ends the current saga of the order instead of its own': {
    sql: {
      order: ({ orders, sagas }) => ({
        ...on(endSagas, (tx, json: string) =>
          Object.entries<Reasons[string]>(JSON.parse(json)).flatMap(([saga_id, reason]) => {
            const { order_id, user_id = '', amount, lines_crc32 } = tx.get(sagas, saga_id) ?? {};
            const current = tx.get(sagas, tx.get(orders, order_id ?? '')?.saga_id ?? '');
            if (order_id === undefined || current?.state !== 'PENDING') {
              return [];
            }
            const state = reason === null ? 'PAID' : 'FAILED';
            tx.put(sagas, current.saga_id, { ...current, state, reason });
            return {
              ...{ saga_id, order_id, user_id, amount: amount as number, lines_crc32: lines_crc32 ?? null },
              ...{ state: 'PENDING', age_seconds: 0 },
            };
          }),
        ),
      }),
    },
  },

  'items are added while the order is checked out': { lines: 'always open' },

  'stock forgets what it has reserved': {
    sql: {
      stock: ({ reservations }) => ({
        ...on(readReservations, () => []),
        ...on(recordReservations, (tx, ...columns: unknown[][]) => {
          for (const row of toReservations(columns)) {
            tx.put(reservations, row.saga_id, row);
          }
          return undefined;
        }),
      }),
    },
  },

  'payment forgets what it has decided': {
    sql: { payment: () => finding(() => []) },
  },

  'order fails a checkout when payment rejects it, before stock has released its units': {
    route: (event) =>
      event.type === 'payment.rejected'
        ? [
            ...protocol.route(event),
            { queue: 'order.settle', event: { ...event, type: 'stock.released', data: event.data } },
          ]
        : protocol.route(event),
  },

  'stock rejects a saga although reserved units may be released': {
    sql: {
      stock: () =>
        on(readReserved, (_, itemIds: string[]) => itemIds.map((item_id) => ({ item_id, quantity: 0 }))),
    },
  },

  'a new saga is served before the waiting ones': {
    sql: { stock: () => on(readWaitedFor, () => []) },
  },

  'waiting sagas are not served when units are released': {
    sql: { stock: () => on(readItemsWaitedFor, () => []) },
  },

  'order does not ask about sagas that are overdue': { sweeps: 'only of stock' },

  'stock does not ask about sagas that stay undecided': { sweeps: 'only of order' },

  // It is new even if order has forgotten the one before: the model's outboxes forget nothing.
  'every saga has a new id of its own': {
    sql: {
      order: (tables) =>
        freezing(tables, ({ id }) => {
          const opened = tables.outbox
            .all()
            .flat()
            .filter(({ type, data }) => type === 'order.checkout_requested' && data.order_id === id);
          return nextSagaId({ id: `${id}~${opened.length}`, user_id: '', saga_id: null });
        }),
    },
  },

  'order ignores a capture of a saga that it does not know': {
    sql: {
      order: ({ sagas }) =>
        on(readSagas, (tx, ids: string[]) => {
          const known = tx.getAll(sagas, ids).map((saga) => ({ ...saga, age_seconds: 0 }));
          const paid = {
            order_id: '',
            user_id: '',
            amount: 0,
            lines_crc32: null,
            age_seconds: 0,
            state: 'PAID' as const,
          };
          const unknown = ids.filter((id) => !known.some(({ saga_id }) => saga_id === id));
          return [...known, ...unknown.map((saga_id) => ({ ...paid, saga_id }))];
        }),
    },
  },

  'payment captures an attempt although another one of the order is captured': {
    sql: { payment: ({ charges }) => finding(({ asked_id }) => [charges.get(asked_id)]) },
  },

  'payment looks only at the last attempt, although it may be cancelled because of one that is captured': {
    sql: {
      payment: ({ charges }) =>
        finding(({ first, last }) => [
          charges
            .all()
            .filter(({ saga_id }) => saga_id >= first && saga_id <= last)
            .sort((a, b) => (a.saga_id < b.saga_id ? 1 : -1))[0],
        ]),
    },
  },

  'order does not compare the lines that it sold with those that it has': {
    sql: {
      payment: ({ charges }) =>
        finding(({ asked_id }) => {
          const charge = charges.get(asked_id);
          return [charge && { ...charge, lines_crc32: null }];
        }),
    },
  },
};

/** Mutants that are wrong only if something happens between two effects of one handler. The simulation finds them. */
export const brokenHandlers: Record<string, Partial<Rules>> = {
  'a checkout reads the order without locking it': { checkout: 'reads it unlocked' },
  'events are published before the commit': { publishing: 'before the commit' },
  'messages are acknowledged before the commit': { acknowledging: 'before the commit' },
  'the outbox is read by id > last': { outbox: 'read by id > last' },
  'the outbox is not read again for what a crash has left in it': { outbox: 'never read again' },
};
