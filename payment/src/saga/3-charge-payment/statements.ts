import { findLocked, statement } from '../../../../shared/postgres/statement';
import type { ChargeRow, UserRow } from './decide';

/**
 * Takes the requested amount from each user, or all the credit if it is less, and returns the previous credit
 * (docs/decisions/0013).
 * @param $1 the requested amount for each user, as JSON by user
 */
export const takeCredit = statement<UserRow>(
  'take_credit',
  `UPDATE users SET credit = credit - least(credit, ($1::jsonb ->> id)::bigint)
   WHERE id = ANY (ARRAY(SELECT jsonb_object_keys($1::jsonb)))
   RETURNING id, old.credit`,
);

export const findLockedUsers = statement<{ id: string }>(
  'find_locked_users',
  findLocked('users', 'id', 'text'),
);

/**
 * Returns credit that was taken and not used.
 * @param $1 the amount for each user, as JSON by user
 */
export const returnCredit = statement(
  'return_credit',
  `UPDATE users SET credit = credit + ($1::jsonb ->> id)::bigint
   WHERE id = ANY (ARRAY(SELECT jsonb_object_keys($1::jsonb)))`,
);

export const readCharges = statement<ChargeRow>(
  'read_charges',
  'SELECT saga_id, order_id, user_id, amount, state, reason, lines_crc32 FROM charges WHERE saga_id = ANY($1::uuid[])',
);

/**
 * The primary key decides the race between a charge and a cancellation: the loser fails here, runs again, and finds the
 * winner's row.
 */
export const recordCharges = statement(
  'record_charges',
  `WITH decided AS MATERIALIZED (
     SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::int[])
       AS d (saga_id, order_id, user_id, amount, state, reason, lines_crc32)
   ), ledger AS (
     INSERT INTO credit_ledger (user_id, delta, kind, saga_id, order_id)
     SELECT user_id, -amount, 'capture', saga_id, order_id FROM decided WHERE state = 'CAPTURED'
   )
   INSERT INTO charges (saga_id, order_id, user_id, amount, state, reason, lines_crc32)
   SELECT * FROM decided ORDER BY saga_id`,
);
