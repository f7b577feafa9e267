import { findLocked, statement } from '../../../../shared/postgres/statement';
import type { SagaRow } from './decide';

/** Not negative, even if the clock has been set back. */
const AGE = 'greatest(extract(epoch FROM clock_timestamp() - opened_at), 0)::float8 AS age_seconds';

/**
 * Ends the sagas that are pending and returns what they were before (docs/decisions/0013). The condition is not
 * "state = 'PENDING'", because the planner would then search the partial index of all pending sagas for each one.
 * @param $1 the reason why each saga failed, or null if it is paid, as JSON by saga
 */
export const endSagas = statement<SagaRow>(
  'end_sagas',
  `UPDATE sagas SET state = CASE WHEN $1::jsonb ->> id::text IS NULL THEN 'PAID' ELSE 'FAILED' END,
          reason = $1::jsonb ->> id::text, settled_at = now()
   WHERE id = ANY (ARRAY(SELECT jsonb_object_keys($1::jsonb)::uuid)) AND settled_at IS NULL
   RETURNING id AS saga_id, order_id, user_id, old.state, amount, lines_crc32, ${AGE}`,
);

/**
 * Corrects sagas that `endSagas` has ended as PAID: they were charged for something else, which they take over.
 * @param $1 what was sold under each saga, as JSON by saga
 */
export const disputeSagas = statement(
  'dispute_sagas',
  `UPDATE sagas SET state = 'DISPUTED', amount = ($1::jsonb -> id::text ->> 'amount')::bigint,
          lines_crc32 = ($1::jsonb -> id::text ->> 'lines_crc32')::int
   WHERE id = ANY (ARRAY(SELECT jsonb_object_keys($1::jsonb)::uuid))`,
);

export const findLockedSagas = statement<{ id: string }>(
  'find_locked_sagas',
  findLocked('sagas', 'id', 'uuid'),
);

/** Reads the sagas that `endSagas` does not return, because they had ended before. */
export const readSagas = statement<SagaRow>(
  'read_sagas',
  `SELECT id AS saga_id, order_id, user_id, state, amount, lines_crc32, ${AGE}
   FROM sagas WHERE id = ANY($1::uuid[])`,
);
