import { smartBatch } from '../batch';
import { BATCH_CONTENT_TYPE, encodeBatch, MAX_EVENTS_PER_MESSAGE } from '../contract/cloudevents';
import { type EventType, publisherOf, type SagaEvent } from '../contract/events';
import { repeat } from '../loop';
import type { Logger } from '../observe/log';
import { outboxOldestAge, outboxPending } from '../observe/metrics';
import type { Database, Tx } from '../postgres/database';
import type { Publisher } from '../rabbit/publisher';
import { exchangeOf } from '../rabbit/topology';
import {
  deleteOutbox,
  deletionNeedNotBeDurable,
  insertOutbox,
  lockOverdueOutbox,
  type OutboxRow,
  outboxGauges,
  postponeOutbox,
} from './statements';

/**
 * The transactional outbox. The promise it keeps: an event that was committed reaches every queue that hears it, at
 * least once, and an event that was not committed reaches none.
 *
 * A row is a message, and a message is a batch of events of one type. Rows are written with the step's own changes,
 * published right after the commit, and deleted when the broker has confirmed them. What a crash, a broker outage or
 * an unroutable key leaves behind is found by the poller.
 */
export interface Outbox {
  /** Writes the events as rows, within the caller's transaction. */
  store(tx: Tx, events: readonly SagaEvent[]): Promise<OutboxRow[]>;
  /** Publishes rows that are committed now. Never fails: what cannot be published stays for the poller. */
  publish(rows: readonly OutboxRow[]): void;
  /** Stops polling and waits for what is on its way. */
  close(): Promise<void>;
}

const POLL_INTERVAL_MS = 500;
/** Rows younger than this are being published by whoever committed them. */
const OVERDUE_AFTER_MS = 2_000;
/** Messages taken by one poll: they stay locked until the broker has confirmed them. */
const POLL_LIMIT = 100;

export function openOutbox(options: { database: Database; publisher: Publisher; log: Logger }): Outbox {
  const { database, publisher, log } = options;
  const onTheirWay = new Set<Promise<void>>();

  const deletions = smartBatch<number, void>({
    max: 1_000,
    inFlight: 1,
    async run(ids) {
      await database.transaction((tx) => remove(tx, ids));
      return [];
    },
  });

  const send = (row: OutboxRow) =>
    publisher.publish({
      exchange: exchangeOf(publisherOf(row.routing_key as EventType)),
      routingKey: row.routing_key,
      body: row.body,
      contentType: BATCH_CONTENT_TYPE,
    });

  async function poll(): Promise<void> {
    if (!publisher.connected()) return;
    const { published, more } = await database.transaction(async (tx) => {
      const rows = await tx.run(lockOverdueOutbox, [OVERDUE_AFTER_MS, POLL_LIMIT]);
      const sent = await Promise.allSettled(rows.map(send));
      const idsOf = (status: string) =>
        rows.filter((_, i) => sent[i]?.status === status).map((row) => row.id);
      const [confirmed, refused] = [idsOf('fulfilled'), idsOf('rejected')];
      const failure = sent.find((result) => result.status === 'rejected');
      if (failure)
        log.warn(
          { err: failure.reason, messages: refused.length },
          'overdue messages could not be published; they stay in the outbox',
        );
      if (confirmed.length > 0) await remove(tx, confirmed);
      if (refused.length > 0) await tx.run(postponeOutbox, [refused]);
      return { published: confirmed.length, more: rows.length === POLL_LIMIT };
    });
    if (published > 0) log.info({ messages: published }, 'published what had been left in the outbox');
    if (published > 0 && more) await poll();
  }

  const polling = repeat(POLL_INTERVAL_MS, poll, (error) =>
    log.warn({ err: error }, 'the outbox could not be polled; trying again'),
  );

  const gauges = () => database.transaction((tx) => tx.run(outboxGauges));
  outboxPending.from(async () => (await gauges())[0]?.pending ?? 0);
  outboxOldestAge.from(async () => (await gauges())[0]?.oldest_age_seconds ?? 0);

  return {
    async store(tx, events) {
      if (events.length === 0) return [];
      const messages = toMessages(events);
      const inserted = await tx.run(insertOutbox, [
        messages.map((m) => m.routing_key),
        messages.map((m) => m.body),
      ]);
      const ids = inserted.map((row) => row.id).sort((a, b) => a - b);
      return messages.map((message, i) => ({ id: ids[i] as number, ...message }));
    },
    publish(rows) {
      for (const row of rows) {
        const done = send(row)
          .then(() => deletions.submit(row.id))
          .catch((error) =>
            log.debug({ err: error, outbox_id: row.id }, 'a message stays in the outbox for the poller'),
          )
          .finally(() => onTheirWay.delete(done));
        onTheirWay.add(done);
      }
    },
    async close() {
      await polling.stop();
      await Promise.all(onTheirWay);
    },
  };
}

async function remove(tx: Tx, ids: readonly number[]): Promise<void> {
  await Promise.all([tx.run(deletionNeedNotBeDurable), tx.run(deleteOutbox, [ids])]);
}

/** Groups events by type, because the type is the routing key, and cuts each group to the size of a message. */
function toMessages(events: readonly SagaEvent[]): Omit<OutboxRow, 'id'>[] {
  const time = new Date().toISOString();
  return [...new Set(events.map((event) => event.type))].flatMap((type) => {
    const group = events.filter((event) => event.type === type);
    const messages: Omit<OutboxRow, 'id'>[] = [];
    for (let i = 0; i < group.length; i += MAX_EVENTS_PER_MESSAGE) {
      messages.push({
        routing_key: type,
        body: encodeBatch(group.slice(i, i + MAX_EVENTS_PER_MESSAGE), time),
      });
    }
    return messages;
  });
}
