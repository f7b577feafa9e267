import { BATCH_CONTENT_TYPE, encodeBatches } from '../contract/cloudevents';
import { type SagaEvent, serviceOf } from '../contract/events';
import type { Logger } from '../observe/log';
import { outboxOldestAge, outboxPending, sharedReading } from '../observe/metrics';
import type { Database } from '../postgres/database';
import type { Tx } from '../postgres/tx';
import type { Publisher } from '../rabbit/publisher';
import { exchangeOf, routingKeysOf } from '../rabbit/topology';
import { repeat } from '../service/loop';
import {
  commitNeedNotBeDurable,
  deleteOutbox,
  insertOutbox,
  lockOverdueOutbox,
  type OutboxRow,
  outboxGauges,
  postponeOutbox,
} from './statements';

/**
 * The transactional outbox. Its guarantee: an event that was committed reaches every queue that consumes it, at least
 * once, and an event that was not committed reaches none.
 *
 * A row is a message, and a message is a batch of events of one type. Rows are written with the step's own changes and
 * published right after the commit. Once the broker has confirmed a row, the service's next transaction deletes it,
 * whatever it is for; if there is none, a timer does. The poller publishes the rows that a crash, a broker outage or a
 * missing binding left behind.
 */
export interface Outbox {
  /**
   * Runs `work` in one transaction that also writes the events it emits, and publishes them once it is committed.
   * @throws what `Database.transaction` throws
   */
  transaction<T extends { emit: readonly SagaEvent[] }>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Writes the events as rows, within the caller's transaction. */
  store(tx: Tx, events: readonly SagaEvent[]): Promise<OutboxRow[]>;
  /** Publishes rows that have been committed. Never fails: what cannot be published stays for the poller. */
  publish(rows: readonly OutboxRow[]): void;
  /** Stops polling and waits for the messages that are being published. */
  close(): Promise<void>;
}

const POLL_INTERVAL_MS = 500;
/** How long confirmed rows wait for a transaction that can delete them along with its own work. */
const DELETE_INTERVAL_MS = 100;
/** The most rows that one transaction deletes. */
const DELETE_LIMIT = 1_000;
/** Rows younger than this are still being published by the replica that committed them. */
const OVERDUE_AFTER_MS = 2_000;
/** The most messages that one poll takes: they stay locked until the broker has confirmed them. */
const POLL_LIMIT = 100;

export function openOutbox(options: { database: Database; publisher: Publisher; log: Logger }): Outbox {
  const { database, publisher, log } = options;
  const publishing = new Set<Promise<void>>();
  /** Rows that the broker has confirmed and that no transaction deletes yet. */
  const confirmed: number[] = [];

  /** Resolves when every queue of the event has the message. */
  async function send(row: OutboxRow): Promise<void> {
    const exchange = exchangeOf(serviceOf(row.routing_key));
    const body = Buffer.from(row.body);
    await Promise.all(
      routingKeysOf(row.routing_key).map((routingKey) =>
        publisher.publish({ exchange, routingKey, body, contentType: BATCH_CONTENT_TYPE }),
      ),
    );
  }

  async function poll(): Promise<void> {
    if (!publisher.isConnected()) {
      return;
    }
    const { published, more } = await database.transaction(async (tx) => {
      const rows = await tx.run(lockOverdueOutbox, [OVERDUE_AFTER_MS, POLL_LIMIT]);
      const sent = await Promise.allSettled(rows.map(send));
      const idsOf = (status: string) =>
        rows.filter((_, i) => sent[i]?.status === status).map((row) => row.id);
      const [delivered, failed] = [idsOf('fulfilled'), idsOf('rejected')];
      const failure = sent.find((result) => result.status === 'rejected');
      if (failure) {
        log.warn(
          { err: failure.reason, messages: failed.length },
          'could not publish messages from the outbox; trying again later',
        );
      }
      if (delivered.length > 0) {
        tx.send(commitNeedNotBeDurable);
        tx.send(deleteOutbox, [delivered]);
      }
      if (failed.length > 0) {
        tx.send(postponeOutbox, [failed]);
      }
      return { published: delivered.length, more: rows.length === POLL_LIMIT };
    });
    if (published > 0) {
      log.info({ messages: published }, 'published messages left in the outbox');
    }
    if (published > 0 && more) {
      await poll();
    }
  }

  const polling = repeat(POLL_INTERVAL_MS, poll, (error) =>
    log.warn({ err: error }, 'could not poll the outbox; trying again'),
  );

  // Only at debug level: the poller also logs that the database is unavailable, and less often.
  const cleaning = repeat(DELETE_INTERVAL_MS, deleteConfirmed, (error) =>
    log.debug({ err: error }, 'could not delete confirmed messages from the outbox; trying again'),
  );

  const gauges = sharedReading(() => database.transaction((tx) => tx.run(outboxGauges)));
  outboxPending.from(async () => (await gauges())[0]?.pending ?? 0);
  outboxOldestAge.from(async () => (await gauges())[0]?.oldest_age_seconds ?? 0);

  async function store(tx: Tx, events: readonly SagaEvent[]): Promise<OutboxRow[]> {
    return Promise.all(
      toMessages(events).map(async (message) => {
        const [row] = await tx.run(insertOutbox, [message.routing_key, message.body]);
        return { ...message, id: row?.id as number };
      }),
    );
  }

  function publish(rows: readonly OutboxRow[]): void {
    for (const row of rows) {
      const done = send(row)
        .then(() => {
          confirmed.push(row.id);
        })
        .catch((error) =>
          log.debug({ err: error, outbox_id: row.id }, 'could not publish a message; the poller tries again'),
        )
        .finally(() => publishing.delete(done));
      publishing.add(done);
    }
  }

  async function transaction<T extends { emit: readonly SagaEvent[] }>(
    work: (tx: Tx) => Promise<T>,
  ): Promise<T> {
    /** They go back to `confirmed` if the transaction fails. */
    const deleted: number[] = [];
    try {
      const { outcome, rows } = await database.transaction(async (tx) => {
        const outcome = await work(tx);
        // Neither is awaited: both travel with COMMIT.
        const rows = store(tx, outcome.emit);
        rows.catch(() => {});
        deleted.push(...confirmed.splice(0, DELETE_LIMIT));
        if (deleted.length > 0) {
          tx.send(deleteOutbox, [deleted]);
        }
        return { outcome, rows };
      });
      publish(await rows);
      return outcome;
    } catch (error) {
      confirmed.push(...deleted);
      throw error;
    }
  }

  /** Deletes the rows that no other transaction has deleted along with its work. */
  async function deleteConfirmed(): Promise<void> {
    while (confirmed.length > 0) {
      await transaction(async (tx) => {
        tx.send(commitNeedNotBeDurable);
        return { emit: [] };
      });
    }
  }

  return {
    store,
    publish,
    transaction,
    async close() {
      await polling.stop();
      await Promise.all(publishing);
      await cleaning.stop();
      await deleteConfirmed().catch((error) =>
        log.warn({ err: error }, 'could not delete confirmed messages; they will be published again'),
      );
    },
  };
}

/** Groups events by type, because the type decides where they go. The column has its name from that. */
function toMessages(events: readonly SagaEvent[]): Omit<OutboxRow, 'id'>[] {
  const time = new Date().toISOString();
  return [...new Set(events.map((event) => event.type))].flatMap((type) => {
    const bodies = encodeBatches(
      events.filter((event) => event.type === type),
      time,
    );
    return bodies.map((body) => ({ routing_key: type, body }));
  });
}
