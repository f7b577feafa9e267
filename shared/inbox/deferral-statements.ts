import { statement } from '../postgres/statement';

/**
 * They are due at once.
 * @param $2, $3, $4 the saga, the message body and the locked row of each event
 */
export const insertDeferred = statement(
  'insert_deferred',
  `INSERT INTO deferred_events (queue, saga_id, body, blocked_by, retry_at)
   SELECT $1, d.*, now()
   FROM unnest($2::uuid[], $3::text[], $4::text[]) AS d`,
);

/**
 * The wait doubles with each try, up to the longest.
 * @param $1 the locked row for each deferral, as JSON by id
 */
export const postponeDeferred = statement(
  'postpone_deferred',
  `UPDATE deferred_events SET tries = tries + 1, blocked_by = $1::jsonb ->> id::text,
          retry_at = now() + least($2::float8 * 2 ^ least(tries, 20), $3::float8) * interval '1 millisecond'
   WHERE id = ANY (ARRAY(SELECT jsonb_object_keys($1::jsonb)::bigint))`,
);

export const deleteDeferred = statement(
  'delete_deferred',
  'DELETE FROM deferred_events WHERE id = ANY ($1::bigint[])',
);

/**
 * Takes the events that are due for this process alone, for as long as the lease lasts. A time far ahead was written
 * before the server's clock jumped back: no version keeps an event longer than half a minute.
 */
export const claimDeferred = statement<{ id: number; body: string }>(
  'claim_deferred',
  `UPDATE deferred_events SET retry_at = now() + $2 * interval '1 millisecond'
   WHERE id = ANY (ARRAY(
     SELECT id FROM deferred_events
     WHERE queue = $1 AND (retry_at <= now() OR retry_at > now() + interval '1 minute')
     ORDER BY retry_at LIMIT $3 FOR UPDATE SKIP LOCKED))
   RETURNING id, body`,
);

export const countDeferred = statement<{ count: number; oldest_age_seconds: number }>(
  'count_deferred',
  `SELECT count(*) AS count,
          greatest(coalesce(extract(epoch FROM now() - min(deferred_at)), 0), 0)::float8 AS oldest_age_seconds
   FROM deferred_events`,
);
