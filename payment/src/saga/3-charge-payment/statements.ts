import { statement } from '../../../../shared/postgres/statement';
import type { ChargeRow, UserRow } from './decide';

export const lockUsers = statement<UserRow>(
  'lock_users',
  'SELECT id, credit FROM users WHERE id = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE',
);

export const readCharges = statement<ChargeRow>(
  'read_charges',
  'SELECT saga_id, order_id, user_id, amount, state, reason FROM charges WHERE saga_id = ANY($1::uuid[])',
);

/**
 * Charge against cancel is settled by the primary key: who loses fails here, runs again, and finds the winner's row.
 */
export const recordCharges = statement(
  'record_charges',
  `INSERT INTO charges (saga_id, order_id, user_id, amount, state, reason)
   SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[])
   ORDER BY 1`,
);

export const takeCredit = statement(
  'take_credit',
  `WITH captured AS (
     SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[]) AS c (saga_id, order_id, user_id, amount)
   ), ledger AS (
     INSERT INTO credit_ledger (user_id, delta, kind, saga_id, order_id)
     SELECT user_id, -amount, 'capture', saga_id, order_id FROM captured
   )
   UPDATE users SET credit = credit - taken.amount
   FROM (SELECT user_id, sum(amount)::bigint AS amount FROM captured GROUP BY user_id) AS taken
   WHERE users.id = taken.user_id`,
);
