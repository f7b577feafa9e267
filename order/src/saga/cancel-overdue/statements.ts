import { statement } from '../../../../shared/postgres/statement';

export interface OverdueSaga {
  saga_id: string;
  order_id: string;
  user_id: string;
  amount: number;
  traceparent: string;
}

/**
 * The time to the next request grows with the age of the saga, up to 20 seconds: so a saga ends within a minute once
 * nothing is broken any more. A saga that payment has been asked about in vain ten times cannot end without an operator,
 * and every further answer is parked once more.
 */
const INTERVAL = `CASE WHEN coalesce(asked, 0) + 1 < 10
    THEN least(greatest($1 * interval '1 millisecond', now() - opened_at), interval '20 seconds')
    ELSE interval '1 hour' END`;

/**
 * Payment may be down for hours and must not find a request for every 20 seconds of them. So while it does not read
 * its queue ($2 is false), only the first request of a saga is sent in time, and further ones less and less often.
 * A deadline that lies further ahead than any that is ever set was set before the clock went back.
 */
const OVERDUE = `state = 'PENDING' AND (
    deadline_at <= now() - CASE WHEN $2 OR deadline_at <= opened_at + $1 * interval '1 millisecond' THEN interval '0'
                           ELSE greatest(interval '5 minutes', (now() - opened_at) / 2) END
    OR deadline_at > now() + greatest($1 * interval '1 millisecond', ${INTERVAL}) + interval '1 second')`;

/**
 * Postpones the deadline, so that payment is asked again if this request or its answer is lost.
 * @param $1 the time to the first deadline, in milliseconds
 * @param $2 whether payment has read what it was asked before
 */
export const takeOverdueSagas = statement<OverdueSaga>(
  'take_overdue_sagas',
  `UPDATE sagas SET deadline_at = now() + ${INTERVAL}, asked = coalesce(asked, 0) + $2::int
   WHERE id = ANY (ARRAY(
     SELECT id FROM sagas WHERE ${OVERDUE}
     ORDER BY deadline_at LIMIT $3 FOR UPDATE SKIP LOCKED))
   RETURNING id AS saga_id, order_id, user_id, amount, traceparent`,
);

/** Whether a saga would be overdue if payment had read what it was asked before. */
export const isSagaOverdue = statement<{ is_overdue: boolean }>(
  'is_saga_overdue',
  `SELECT EXISTS (SELECT FROM sagas WHERE ${OVERDUE}) AS is_overdue`,
);
