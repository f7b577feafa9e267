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

/**
 * Finds the decision on each saga, or else what may bar it from being captured: the last attempt of its life that is this
 * one or a later one, or is not CANCELLED. A decision is found even if the event names another order. It is one probe of the
 * primary key for each, and passes over cancelled attempts alone, which take their time. Run it after the users are locked,
 * so that it sees every capture.
 * @param $1 the sagas
 * @param $2 their orders
 * @param $3 the first id of each one's life
 * @param $4 the last id of each one's life
 */
export const findAttempts = statement<ChargeRow & { asked_id: string }>(
  'find_attempts',
  `SELECT attempt.*, asked.saga_id AS asked_id
   FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[]) AS asked (saga_id, order_id, first_id, last_id),
   LATERAL (
     SELECT saga_id, order_id, user_id, amount, state, reason, lines_crc32 FROM charges
     WHERE saga_id BETWEEN asked.first_id AND asked.last_id
       AND (saga_id = asked.saga_id
         OR order_id = asked.order_id AND (saga_id > asked.saga_id OR state <> 'CANCELLED'))
     ORDER BY saga_id DESC LIMIT 1
   ) AS attempt`,
);

/** Reads the decisions on sagas of which `findAttempts` has found a later attempt. */
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
