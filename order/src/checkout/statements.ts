import { statement } from '../../../shared/postgres/statement';
import type { Outcome } from './waiting-requests';

export const readOutcomes = statement<Outcome>(
  'read_outcomes',
  `SELECT id AS saga_id, state, reason, amount FROM sagas WHERE id = ANY($1::uuid[]) AND state <> 'PENDING'`,
);

export const sagasInFlight = statement<{ count: number; oldest_seconds: number }>(
  'sagas_in_flight',
  `SELECT count(*) AS count, greatest(extract(epoch FROM now() - min(opened_at)), 0)::float8 AS oldest_seconds
   FROM sagas WHERE state = 'PENDING'`,
);
