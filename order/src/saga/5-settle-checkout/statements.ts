import { statement } from '../../../../shared/postgres/statement';
import type { SagaRow } from './decide';

/**
 * Ends those that are pending, and answers what they were (docs/decisions/0013). It does not say "state = 'PENDING'",
 * because the planner would take the index of all that is pending for the way to each of them.
 * @param $1 the reason for which each saga failed, null for those that paid, as JSON by saga
 */
export const endSagas = statement<SagaRow>(
  'end_sagas',
  `UPDATE sagas SET state = CASE WHEN $1::jsonb ->> id::text IS NULL THEN 'PAID' ELSE 'FAILED' END,
          reason = $1::jsonb ->> id::text, settled_at = now()
   WHERE id = ANY (ARRAY(SELECT jsonb_object_keys($1::jsonb)::uuid)) AND settled_at IS NULL
   RETURNING id AS saga_id, order_id, old.state, amount,
             extract(epoch FROM clock_timestamp() - opened_at)::float8 AS age_seconds`,
);

/** Those that had ended before. */
export const readSagas = statement<SagaRow>(
  'read_sagas',
  `SELECT id AS saga_id, order_id, state, amount,
          extract(epoch FROM clock_timestamp() - opened_at)::float8 AS age_seconds
   FROM sagas WHERE id = ANY($1::uuid[])`,
);
