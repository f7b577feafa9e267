import { statement } from '../../../../shared/postgres/statement';
import type { Restock } from '../restock';

/** When a restock that was never asked about is due. After a clock has been set back, its time may lie ahead. */
const FIRST = `asked_at IS NULL
  AND (created_at < now() - $1 * interval '1 millisecond' OR created_at > now() + interval '1 second')`;

/**
 * When one that was asked about is due again. While stock reads its queue ($2): after 20 seconds, or after a twentieth of its
 * age, and at least every hour. While stock does not ($2 is null), even less often; but no question is the last one.
 */
const AGAIN = `asked_at > now() + interval '1 second'
  OR asked_at < now() - CASE WHEN $2::float8 IS NULL THEN greatest(interval '5 minutes', (now() - created_at) / 2)
    ELSE least(greatest(interval '20 seconds', least(now() - created_at, $2::float8 * interval '1 millisecond') / 20),
               interval '1 hour') END`;

const DUE = `SELECT id FROM restocks WHERE state = 'REQUESTED' AND (${FIRST} OR ${AGAIN})`;

/**
 * Restocks without an answer, oldest first.
 * @param $1 how long one is left alone, in milliseconds
 * @param $2 for how long stock has been reading its queue, in milliseconds; null while it does not
 * @param $3 the most of them
 */
export const takeUnanswered = statement<Omit<Restock, 'state' | 'reason'>>(
  'take_unanswered',
  `UPDATE restocks SET asked_at = now()
   WHERE id = ANY (ARRAY(${DUE} ORDER BY created_at LIMIT $3 FOR UPDATE SKIP LOCKED))
   RETURNING id, item_id, quantity, price, traceparent`,
);

/** Whether a restock is due; the parameters are the same. */
export const isUnansweredDue = statement<{ is_due: boolean }>(
  'is_unanswered_due',
  `SELECT EXISTS (${DUE}) AS is_due`,
);

export const countUnanswered = statement<{ count: number; oldest_seconds: number }>(
  'count_unanswered',
  `SELECT count(*) AS count,
          greatest(coalesce(extract(epoch FROM now() - min(created_at)), 0), 0)::float8 AS oldest_seconds
   FROM restocks WHERE state = 'REQUESTED'`,
);
