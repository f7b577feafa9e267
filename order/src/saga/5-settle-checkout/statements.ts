import { statement } from '../../../../shared/postgres/statement';
import type { SagaRow } from './decide';

/** Orders first and by id, as every step locks them; both rows are read as they are once the lock is held. */
export const lockSagas = statement<SagaRow>(
  'lock_sagas',
  `SELECT s.id AS saga_id, s.order_id, s.state, s.amount, o.saga_id AS current_saga_id,
          extract(epoch FROM clock_timestamp() - s.opened_at)::float8 AS age_seconds
   FROM sagas s JOIN orders o ON o.id = s.order_id
   WHERE s.id = ANY($1::uuid[])
   ORDER BY o.id FOR NO KEY UPDATE OF o, s`,
);

export const endSagas = statement(
  'end_sagas',
  `UPDATE sagas SET state = ended.state, reason = ended.reason, settled_at = now()
   FROM unnest($1::uuid[], $2::text[], $3::text[]) AS ended (saga_id, state, reason)
   WHERE sagas.id = ended.saga_id AND sagas.state = 'PENDING'`,
);

/** Fenced by the saga: an order that has moved on to another attempt is not touched. */
export const settleOrders = statement<{ id: string }>(
  'settle_orders',
  `UPDATE orders SET status = CASE ended.state WHEN 'PAID' THEN 'PAID' ELSE 'OPEN' END
   FROM unnest($1::text[], $2::uuid[], $3::text[]) AS ended (order_id, saga_id, state)
   WHERE orders.id = ended.order_id AND orders.saga_id = ended.saga_id AND orders.status = 'CHECKING_OUT'
   RETURNING orders.id`,
);
