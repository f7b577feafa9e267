import { statement } from '../../../shared/postgres/statement';
import type { Reader } from '../../../shared/postgres/tx';
import { type Finding, MAX_FINDINGS } from '../finding';

/** I12. The counts of every product are the sum of its votes, and of what the ledger says about them. */
const perStar = (of: (stars: number) => string) => `ARRAY[${[1, 2, 3, 4, 5].map(of).join(', ')}]::bigint[]`;
const NONE = `'{0,0,0,0,0}'::bigint[]`;

const wrongCounts = statement<{ item_id: string; counts: string; votes: string; ledger: string }>(
  'audit_wrong_votes',
  `SELECT item_id, counts::text, votes::text, ledger::text
   FROM (SELECT item_id, coalesce(counts, ${NONE}) AS counts, coalesce(votes, ${NONE}) AS votes,
                coalesce(ledger, ${NONE}) AS ledger
         FROM vote_counts
         FULL JOIN (SELECT item_id, ${perStar((n) => `count(*) FILTER (WHERE stars = ${n})`)} AS votes
                    FROM votes GROUP BY item_id) AS given USING (item_id)
         FULL JOIN (SELECT item_id,
                           ${perStar((n) => `count(*) FILTER (WHERE stars = ${n}) - count(*) FILTER (WHERE before = ${n})`)} AS ledger
                    FROM vote_ledger GROUP BY item_id) AS recorded USING (item_id)) AS compared
   WHERE counts <> votes OR counts <> ledger
   ORDER BY item_id LIMIT ${MAX_FINDINGS}`,
);

export async function checkVotes(catalog: Reader): Promise<Finding[]> {
  return (await catalog.run(wrongCounts)).map(({ item_id, counts, votes, ledger }) => ({
    invariant: 'I12',
    item_id,
    detail: `counted as ${counts} from one star to five, but the votes are ${votes} and the ledger says ${ledger}`,
  }));
}
