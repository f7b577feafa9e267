import { statement } from '../postgres/statement';

export interface OutboxRow {
  id: number;
  routing_key: string;
  body: string;
}

/**
 * Inserts one message, not an array of them: a body is long and full of quotes, and in an array each quote would have
 * to be escaped here and unescaped by the server.
 */
export const insertOutbox = statement<{ id: number }>(
  'insert_outbox',
  'INSERT INTO outbox (routing_key, body) VALUES ($1, $2) RETURNING id',
);

/**
 * Takes rows that should have been confirmed by now, and leaves them to the caller for as long as fresh ones. Reading by
 * `id > last` would be wrong: an id is assigned at insert and becomes visible at commit, so a higher id can be visible
 * first, and the lower one would be skipped for ever.
 *
 * If the server's clock has been set back, rows may have a time that lies ahead. They do not wait for it.
 */
export const claimOverdueOutbox = statement<OutboxRow>(
  'claim_overdue_outbox',
  `UPDATE outbox SET tried_at = now()
   WHERE id = ANY (ARRAY(
     SELECT id FROM outbox
     WHERE tried_at < now() - $1 * interval '1 millisecond' OR tried_at > now() + interval '1 second'
     ORDER BY tried_at LIMIT $2
     FOR UPDATE SKIP LOCKED))
   RETURNING id, routing_key, body`,
);

/** Keeps the rows that the caller is still publishing from being taken by another replica. */
export const keepOutbox = statement(
  'keep_outbox',
  `UPDATE outbox SET tried_at = now()
   WHERE id = ANY (ARRAY(SELECT id FROM outbox WHERE id = ANY ($1::bigint[]) FOR UPDATE SKIP LOCKED))`,
);

/** Deletes rows, and returns those that somebody has locked. It does not wait for them. */
export const deleteOutbox = statement<{ id: number }>(
  'delete_outbox',
  `WITH free AS (
     SELECT id FROM outbox WHERE id = ANY ($1::bigint[]) FOR UPDATE SKIP LOCKED
   ), deleted AS (
     DELETE FROM outbox WHERE id = ANY (ARRAY(SELECT id FROM free))
   )
   SELECT id FROM outbox WHERE id = ANY ($1::bigint[]) AND id NOT IN (SELECT id FROM free)`,
);

/** If a crash undoes a deletion, a message goes out twice, which every step absorbs: no need to wait for the disk. */
export const commitNeedNotBeDurable = statement('outbox_async_commit', 'SET LOCAL synchronous_commit = off');

export const outboxGauges = statement<{ pending: number; oldest_age_seconds: number }>(
  'outbox_gauges',
  `SELECT count(*) AS pending,
          greatest(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest_age_seconds
   FROM outbox`,
);
