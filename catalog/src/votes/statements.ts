import { statement } from '../../../shared/postgres/statement';
import type { Vote } from './count-votes';

export const makeCounts = statement(
  'make_vote_counts',
  `INSERT INTO vote_counts (item_id, counts) SELECT item_id, '{0,0,0,0,0}' FROM unnest($1::text[]) AS item_id
   ORDER BY item_id ON CONFLICT DO NOTHING`,
);

/** The lock lets one transaction at a time count votes for a product. */
export const lockCounts = statement<{ item_id: string; counts: number[] }>(
  'lock_vote_counts',
  'SELECT item_id, counts FROM vote_counts WHERE item_id = ANY($1::text[]) ORDER BY item_id FOR NO KEY UPDATE',
);

/** Run it after the counts are locked. */
export const readVotes = statement<Vote>(
  'read_votes',
  `SELECT item_id, user_id, stars FROM votes
   WHERE (item_id, user_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
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

/** @param $2 the counts of each item, as an array in text */
export const recordCounts = statement(
  'record_vote_counts',
  `UPDATE vote_counts AS c SET counts = new.counts::bigint[]
   FROM unnest($1::text[], $2::text[]) AS new (item_id, counts) WHERE c.item_id = new.item_id`,
);
