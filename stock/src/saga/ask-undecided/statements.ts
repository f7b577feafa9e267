import { statement } from '../../../../shared/postgres/statement';
import type { Undecided } from '../reservation';

/** When a reservation that was never asked about is due. After a clock has been set back, its time may lie ahead. */
const FIRST = `asked_at IS NULL
  AND (created_at < now() - $1 * interval '1 millisecond' OR created_at > now() + interval '1 second')`;

/**
 * When one that was asked about is due again: after 20 seconds if payment has read the earlier questions ($2), but only
 * every hour once ten answers have not helped. If the questions still wait, less and less often: whatever the queue
 * looks like, no question is the last one.
 */
const AGAIN = `asked_at > now() + interval '1 second'
  OR asked_at < now() - CASE WHEN NOT $2 THEN greatest(interval '5 minutes', (now() - created_at) / 2)
                             WHEN asked < 10 THEN interval '20 seconds' ELSE interval '1 hour' END`;

/** One state at a time, because each has its own partial index. */
const due = (state: string) => `
  SELECT saga_id FROM reservations WHERE state = '${state}' AND (${FIRST} OR ${AGAIN})`;

/**
 * Reservations without a decision, oldest first.
 * @param $1 how long one is left alone, in milliseconds
 * @param $2 whether payment has read what it was asked before
 * @param $3 the most of each state
 */
export const takeUndecided = statement<Undecided>(
  'take_undecided',
  `UPDATE reservations SET asked_at = now(), asked = coalesce(asked, 0) + $2::int
   WHERE saga_id = ANY (ARRAY(${due('RESERVED')} ORDER BY arrival LIMIT $3 FOR UPDATE SKIP LOCKED)
                     || ARRAY(${due('WAITING')} ORDER BY arrival LIMIT $3 FOR UPDATE SKIP LOCKED))
   RETURNING saga_id, order_id, user_id, amount, traceparent`,
);

/** Whether a reservation would be due if payment had read what it was asked before. */
export const isUndecidedDue = statement<{ is_due: boolean }>(
  'is_undecided_due',
  `SELECT EXISTS (${due('RESERVED')}) OR EXISTS (${due('WAITING')}) AS is_due`,
);
