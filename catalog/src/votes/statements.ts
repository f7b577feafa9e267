import { statement } from '../../../shared/postgres/statement';
import type { Vote } from './count-votes';

export const makeCounts = statement(
  'make_vote_counts',
  `INSERT INTO vote_counts (item_id, counts) SELECT item_id, '{0,0,0,0,0}' FROM unnest($1::text[]) AS item_id
   ORDER BY item_id ON CONFLICT DO NOTHING`,
);

/** The lock lets one transaction at a time count votes for a product. It waits for nobody: those that are locked are left out. */
export const lockFreeCounts = statement<{ item_id: string; counts: number[] }>(
  'lock_free_vote_counts',
  `SELECT item_id, counts FROM vote_counts
   WHERE item_id = ANY($1::text[]) ORDER BY item_id FOR NO KEY UPDATE SKIP LOCKED`,
);

/** Run it after the counts are locked. It also finds votes of these users for other ones of these products. */
export const readVotes = statement<Vote>(
  'read_votes',
  'SELECT item_id, user_id, stars FROM votes WHERE item_id = ANY($1::text[]) AND user_id = ANY($2::text[])',
);

/** @param $3 the stars that each user has given in the end */
export const recordVotes = statement(
  'record_votes',
  `INSERT INTO votes (item_id, user_id, stars)
   SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[])
   ON CONFLICT (item_id, user_id) DO UPDATE SET stars = excluded.stars, updated_at = now()`,
);

export const recordChanges = statement(
  'record_vote_changes',
  `INSERT INTO vote_ledger (item_id, user_id, before, stars)
   SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[], $4::smallint[])`,
);

/** @param $1 the counts of each item, as JSON by item */
export const recordCounts = statement(
  'record_vote_counts',
  `UPDATE vote_counts
   SET counts = ARRAY(SELECT jsonb_array_elements_text($1::jsonb -> item_id)::bigint)
   WHERE item_id = ANY (ARRAY(SELECT jsonb_object_keys($1::jsonb)))`,
);
