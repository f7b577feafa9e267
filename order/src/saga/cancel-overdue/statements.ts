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
 * nothing is broken any more. Then it grows with a twentieth of the time for which the saga has been pending and payment
 * has read its queue ($2), up to an hour: what payment's answers do not end needs an operator, and every further answer is
 * parked. Once payment reads again, the time is short again.
 */
const INTERVAL = `greatest(
    least(greatest($1 * interval '1 millisecond', now() - opened_at), interval '20 seconds'),
    least(least(now() - opened_at, $2::float8 * interval '1 millisecond') / 20, interval '1 hour'))`;

/**
 * Payment may be down for hours and must not find a request for every 20 seconds of them. So while it does not read
 * its queue ($2 is null), only the first request of a saga is sent in time, and further ones less and less often.
 * A deadline that lies further ahead than any that would be set now was set before the clock went back, or before payment
 * began to read again.
 */
const OVERDUE = `state = 'PENDING' AND (
    deadline_at <= now() - CASE WHEN $2::float8 IS NOT NULL OR deadline_at <= opened_at + $1 * interval '1 millisecond'
                           THEN interval '0' ELSE greatest(interval '5 minutes', (now() - opened_at) / 2) END
    OR deadline_at > now() + greatest($1 * interval '1 millisecond', ${INTERVAL}) + interval '1 second')`;

/**
 * Postpones the deadline, so that payment is asked again if this request or its answer is lost.
 * @param $1 the time to the first deadline, in milliseconds
 * @param $2 for how long payment has been reading its queue, in milliseconds; null while it does not
 */
export const takeOverdueSagas = statement<OverdueSaga>(
  'take_overdue_sagas',
  `UPDATE sagas SET deadline_at = now() + ${INTERVAL}, asked = coalesce(asked, 0) + 1
   WHERE id = ANY (ARRAY(
     SELECT id FROM sagas WHERE ${OVERDUE}
     ORDER BY deadline_at LIMIT $3 FOR UPDATE SKIP LOCKED))
   RETURNING id AS saga_id, order_id, user_id, amount, traceparent`,
);

/** Whether a saga is overdue; the parameters are the same. */
export const isSagaOverdue = statement<{ is_overdue: boolean }>(
  'is_saga_overdue',
  `SELECT EXISTS (SELECT FROM sagas WHERE ${OVERDUE}) AS is_overdue`,
);
