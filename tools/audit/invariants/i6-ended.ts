import { queues } from '../../../shared/contract/events';
import { whyDeferred } from '../../../shared/inbox/blocked';
import { statement } from '../../../shared/postgres/statement';
import type { Reader } from '../../../shared/postgres/tx';
import type { QueueLength } from '../../../shared/rabbit/queues';
import { deadLetterQueueOf } from '../../../shared/rabbit/topology';
import { type Finding, MAX_FINDINGS } from '../finding';
import type { Snapshots } from '../snapshots';

/** Every queue that must be empty in the end, including the dead-letter queues. */
export const allQueues = queues.flatMap((queue) => [queue, deadLetterQueueOf(queue)]);

/** Without an age limit the clock does not matter: a row may be dated in the future, by a clock that was set back since. */
const isOld = (column: string) =>
  `($1::int IS NULL OR ${column} <= now() - $1::int * interval '1 millisecond')`;

interface Unended {
  saga_id: string;
  order_id: string;
  user_id: string;
  state: string;
  seconds: number;
}

const unendedSagas = statement<Unended>(
  'audit_unended_sagas',
  `SELECT id AS saga_id, order_id, user_id, state, extract(epoch FROM now() - opened_at)::float8 AS seconds
   FROM sagas WHERE state = 'PENDING' AND ${isOld('opened_at')}
   ORDER BY opened_at LIMIT ${MAX_FINDINGS}`,
);

const unendedReservations = statement<Unended>(
  'audit_unended_reservations',
  `SELECT saga_id, order_id, user_id, state, extract(epoch FROM now() - created_at)::float8 AS seconds
   FROM reservations
   WHERE state IN ('WAITING', 'RESERVED') AND ${isOld('created_at')}
   ORDER BY created_at LIMIT ${MAX_FINDINGS}`,
);

const unansweredRestocks = statement<{ saga_id: string; item_id: string; seconds: number }>(
  'audit_unanswered_restocks',
  `SELECT id AS saga_id, item_id, extract(epoch FROM now() - created_at)::float8 AS seconds
   FROM restocks WHERE state = 'REQUESTED' AND ${isOld('created_at')}
   ORDER BY created_at LIMIT ${MAX_FINDINGS}`,
);

const unsentRows = statement<{ id: number; routing_key: string; seconds: number }>(
  'audit_unsent_rows',
  `SELECT id, routing_key, extract(epoch FROM now() - created_at)::float8 AS seconds
   FROM outbox WHERE ${isOld('created_at')}
   ORDER BY id LIMIT ${MAX_FINDINGS}`,
);

const deferredEvents = statement<{ saga_id: string; queue: string; blocked_by: string; seconds: number }>(
  'audit_deferred_events',
  `SELECT saga_id, queue, blocked_by, extract(epoch FROM now() - deferred_at)::float8 AS seconds
   FROM deferred_events WHERE ${isOld('deferred_at')}
   ORDER BY id LIMIT ${MAX_FINDINGS}`,
);

/**
 * I6. Nothing is in flight: no saga PENDING, no reservation WAITING or RESERVED, no outbox row unsent, no event deferred,
 * no restock REQUESTED.
 * @param olderThanMs what is younger than this may still be in flight; null when nothing may be
 */
export async function checkEnded(snapshots: Snapshots, olderThanMs: number | null): Promise<Finding[]> {
  const [sagas, reservations, restocks] = await Promise.all([
    snapshots.order.run(unendedSagas, [olderThanMs]),
    snapshots.stock.run(unendedReservations, [olderThanMs]),
    snapshots.catalog.run(unansweredRestocks, [olderThanMs]),
  ]);
  const left = await Promise.all(
    Object.entries(snapshots).flatMap(([service, tx]) => [
      checkOutbox(service, tx, olderThanMs),
      checkDeferred(tx, olderThanMs),
    ]),
  );
  return [
    ...sagas.map((saga) => stuck('order', saga)),
    ...reservations.map((reservation) => stuck('stock', reservation)),
    ...restocks.map(({ saga_id, item_id, seconds }) => ({
      ...{ invariant: 'I6' as const, saga_id, item_id },
      detail: `stock has not answered the restock for ${seconds.toFixed(1)} s`,
    })),
    ...left.flat(),
  ];
}

function stuck(service: string, { saga_id, order_id, user_id, state, seconds }: Unended): Finding {
  const detail = `${service} has had the saga ${state} for ${seconds.toFixed(1)} s`;
  return { invariant: 'I6', saga_id, order_id, user_id, detail };
}

async function checkOutbox(service: string, tx: Reader, olderThanMs: number | null): Promise<Finding[]> {
  const rows = await tx.run(unsentRows, [olderThanMs]);
  return rows.map(({ id, routing_key, seconds }) => ({
    invariant: 'I6',
    detail: `row ${id} (${routing_key}) in the outbox of ${service} has not been sent for ${seconds.toFixed(1)} s`,
  }));
}

async function checkDeferred(tx: Reader, olderThanMs: number | null): Promise<Finding[]> {
  const rows = await tx.run(deferredEvents, [olderThanMs]);
  return rows.map(({ saga_id, queue, blocked_by, seconds }) => ({
    invariant: 'I6',
    saga_id,
    detail: `${queue} has deferred an event for ${seconds.toFixed(1)} s, because ${whyDeferred(blocked_by)}`,
  }));
}

/**
 * I6, the broker's part. Under load there are always messages in flight, but a dead letter or a missing queue is wrong
 * at any moment.
 */
export function checkQueues(lengths: readonly QueueLength[], live: boolean): Finding[] {
  return lengths.flatMap(({ queue, messages }): Finding[] => {
    if (messages === undefined) {
      return [{ invariant: 'I6', detail: `the broker has no queue ${queue}` }];
    }
    if (messages === 0 || (live && queues.includes(queue))) {
      return [];
    }
    const detail = queues.includes(queue)
      ? `messages left in queue ${queue}: ${messages}`
      : `dead letters in queue ${queue}: ${messages} ("npm run deadletters" lists them and says why)`;
    return [{ invariant: 'I6', detail }];
  });
}
