import { encodeBatches } from '../contract/cloudevents';
import type { SagaEvent } from '../contract/events';
import type { Logger } from '../observe/log';
import { outboxOldestAge, outboxPending, sharedReading } from '../observe/metrics';
import type { Database } from '../postgres/database';
import type { Tx } from '../postgres/tx';
import type { Publisher } from '../rabbit/publisher';
import { repeat } from '../service/loop';
import { openSender } from './sender';
import {
  claimOverdueOutbox,
  commitNeedNotBeDurable,
  deleteOutbox,
  insertOutbox,
  keepOutbox,
  type OutboxRow,
  outboxGauges,
} from './statements';

/**
 * The transactional outbox. Its guarantee: an event that was committed reaches the queues that are bound to it, at least
 * once, and waits while there are none; an event that was not committed reaches none. A queue that is missing while
 * another one takes the event does not get it, and its step asks (docs/decisions/0021).
 *
 * A row is a message, and a message is a batch of events of one type. Rows are written with the step's own changes and
 * published right after the commit. When the broker has confirmed eight rows, the service's next transaction deletes them,
 * whatever it is for; a timer deletes fewer. The poller publishes the rows that a crash, a broker outage or a
 * missing binding left behind.
 *
 * No transaction is open while the broker is waited for. A row belongs to the replica that publishes it until two seconds
 * after its `tried_at`. If the broker takes longer, that replica moves the time on, so that nobody sends the message again.
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
/** A transaction deletes confirmed rows along with its own work if there are so many: most of the cost is that of a statement. */
const DELETE_AT_LEAST = 8;
/** How often a timer deletes confirmed rows, however few they are. */
const DELETE_INTERVAL_MS = 250;
/** The most rows that one transaction deletes. */
const DELETE_LIMIT = 1_000;
/** Rows that were tried more recently are still being published by another replica. */
const OVERDUE_AFTER_MS = 2_000;
/** A row that has been published for longer is kept from becoming overdue. */
const KEEP_AFTER_MS = 500;
/** The most messages that one poll takes. */
const POLL_LIMIT = 100;

export function openOutbox(options: { database: Database; publisher: Publisher; log: Logger }): Outbox {
  const { database, publisher, log } = options;
  const sender = openSender(publisher);

  async function poll(): Promise<void> {
    if (!publisher.isConnected()) {
      return;
    }
    const rows = await database.transaction((tx) =>
      tx.run(claimOverdueOutbox, [OVERDUE_AFTER_MS, POLL_LIMIT]),
    );
    const sent = await Promise.allSettled(rows.filter((row) => !sender.isUnderWay(row)).map(sender.send));
    const failures = sent.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    if (failures.length > 0) {
      log.warn(
        { err: failures[0], messages: failures.length },
        'could not publish messages from the outbox; trying again later',
      );
    }
    const published = sent.length - failures.length;
    if (published > 0) {
      log.info({ messages: published }, 'published messages left in the outbox');
    }
    if (published > 0 && rows.length === POLL_LIMIT) {
      await poll();
    }
  }

  /** Where the broker is fast, there is nothing to do. */
  async function keep(): Promise<void> {
    const ids = sender.longUnderWay(KEEP_AFTER_MS);
    if (ids.length > 0) {
      await database.transaction((tx) => tx.run(keepOutbox, [ids]));
    }
  }

  const polling = repeat(POLL_INTERVAL_MS, poll, (error) =>
    log.warn({ err: error }, 'could not poll the outbox; trying again'),
  );

  const keeping = repeat(POLL_INTERVAL_MS, keep, (error) =>
    log.warn({ err: error }, 'could not keep messages that are being published; they may be sent twice'),
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
      sender
        .send(row)
        .catch((error) =>
          log.debug({ err: error, outbox_id: row.id }, 'could not publish a message; the poller tries again'),
        );
    }
  }

  async function transaction<T extends { emit: readonly SagaEvent[] }>(
    work: (tx: Tx) => Promise<T>,
    atLeast = DELETE_AT_LEAST,
  ): Promise<T> {
    /** They go back to the sender if the transaction fails. */
    const deleted: number[] = [];
    try {
      const { outcome, rows, locked } = await database.transaction(async (tx) => {
        const outcome = await work(tx);
        if (sender.confirmedCount() >= atLeast) {
          deleted.push(...sender.takeConfirmed(DELETE_LIMIT));
        }
        // Neither is awaited: both travel with COMMIT.
        const rows = store(tx, outcome.emit);
        const locked = deleted.length > 0 ? tx.run(deleteOutbox, [deleted]) : Promise.resolve([]);
        rows.catch(() => {});
        locked.catch(() => {});
        return { outcome, rows, locked };
      });
      publish(await rows);
      sender.giveBack((await locked).map(({ id }) => id));
      return outcome;
    } catch (error) {
      sender.giveBack(deleted);
      throw error;
    }
  }

  /** Deletes the rows that no other transaction has deleted along with its work, but for those that somebody has locked. */
  async function deleteConfirmed(): Promise<void> {
    for (let left = sender.confirmedCount(); left > 0; left -= DELETE_LIMIT) {
      await transaction(async (tx) => {
        tx.send(commitNeedNotBeDurable);
        return { emit: [] };
      }, 1);
    }
  }

  return {
    store,
    publish,
    transaction: (work) => transaction(work),
    async close() {
      await polling.stop();
      await sender.idle();
      await keeping.stop();
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
