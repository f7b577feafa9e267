import { statement } from '../../../../shared/postgres/statement';
import type { Undecided } from '../reservation';

/** When a reservation that was never asked about is due. After a clock has been set back, its time may lie ahead. */
const FIRST = `asked_at IS NULL
  AND (created_at < now() - $1 * interval '1 millisecond' OR created_at > now() + interval '1 second')`;

/**
 * When one that was asked about is due again. While payment reads its queue ($2): after 20 seconds, or after a twentieth of
 * the time for which it has been undecided and payment has read, and at least every hour. So once payment reads again,
 * everything is asked about at once; what its answers do not end is asked about less and less often, because every such
 * answer is parked. While payment does not read ($2 is null), even less often; but no question is the last one.
 */
const AGAIN = `asked_at > now() + interval '1 second'
  OR asked_at < now() - CASE WHEN $2::float8 IS NULL THEN greatest(interval '5 minutes', (now() - created_at) / 2)
    ELSE least(greatest(interval '20 seconds', least(now() - created_at, $2::float8 * interval '1 millisecond') / 20),
               interval '1 hour') END`;

/** One state at a time, because each has its own partial index. */
const due = (state: string) => `
  SELECT saga_id FROM reservations WHERE state = '${state}' AND (${FIRST} OR ${AGAIN})`;

/**
 * Reservations without a decision, oldest first.
 * @param $1 how long one is left alone, in milliseconds
 * @param $2 for how long payment has been reading its queue, in milliseconds; null while it does not
 * @param $3 the most of each state
 */
export const takeUndecided = statement<Undecided>(
  'take_undecided',
  `UPDATE reservations SET asked_at = now(), asked = coalesce(asked, 0) + 1
   WHERE saga_id = ANY (ARRAY(${due('RESERVED')} ORDER BY arrival LIMIT $3 FOR UPDATE SKIP LOCKED)
                     || ARRAY(${due('WAITING')} ORDER BY arrival LIMIT $3 FOR UPDATE SKIP LOCKED))
   RETURNING saga_id, order_id, user_id, amount, traceparent`,
);

/** Whether a reservation is due; the parameters are the same. */
export const isUndecidedDue = statement<{ is_due: boolean }>(
  'is_undecided_due',
  `SELECT EXISTS (${due('RESERVED')}) OR EXISTS (${due('WAITING')}) AS is_due`,
);
