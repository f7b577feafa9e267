import { statement } from '../../../../shared/postgres/statement';

export interface OverdueSaga {
  saga_id: string;
  order_id: string;
  user_id: string;
  amount: number;
  traceparent: string;
}

/**
 * Postpones the deadline, so that payment is asked again if this request or its answer is lost. The interval grows with
 * the age of the saga, because payment may be down for hours and then has to handle every request sent in that time.
 */
export const takeOverdueSagas = statement<OverdueSaga>(
  'take_overdue_sagas',
  `UPDATE sagas
   SET deadline_at = now() + least(greatest($1 * interval '1 millisecond', now() - opened_at), interval '5 minutes')
   WHERE id = ANY (ARRAY(
     SELECT id FROM sagas WHERE state = 'PENDING' AND deadline_at <= now()
     ORDER BY deadline_at LIMIT $2 FOR UPDATE SKIP LOCKED))
   RETURNING id AS saga_id, order_id, user_id, amount, traceparent`,
);
