import { statement } from '../../../shared/postgres/statement';
import { type Finding, MAX_FINDINGS } from '../../audit/finding';
import type { Exchange } from '../../audit/history/history';
import type { ShopDatabases } from '../../support/databases';

const findMissingRestocks = statement<{ id: string }>(
  'chaos_missing_restocks',
  `SELECT id FROM unnest($1::uuid[]) AS given (id)
   WHERE NOT EXISTS (SELECT FROM restocks r WHERE r.id = given.id)`,
);

const findMissingVotes = statement<{ user_id: string; item_id: string }>(
  'chaos_missing_votes',
  `SELECT * FROM unnest($1::text[], $2::text[]) AS given (user_id, item_id)
   WHERE NOT EXISTS (SELECT FROM votes v WHERE v.user_id = given.user_id AND v.item_id = given.item_id)`,
);

/** I10 for catalog: what shopkeepers and voters were told is still there, and whoever has paid may vote. */
export async function checkCatalog(
  history: readonly Exchange[],
  { catalog }: ShopDatabases,
): Promise<Finding[]> {
  const restocks = history.flatMap(({ request, status, body }) =>
    request === 'POST /catalog/products' && status === 202 ? [String(body?.restock_id)] : [],
  );
  const votes = history.flatMap((exchange) => {
    const [, user_id, item_id] = /^POST \/catalog\/vote\/([^/]+)\/([^/]+)\//.exec(exchange.request) ?? [];
    return user_id === undefined || item_id === undefined ? [] : [{ ...exchange, user_id, item_id }];
  });
  const counted = votes.filter(({ status }) => status === 200);
  const [missingRestocks, missingVotes] = await catalog.transaction((tx) =>
    Promise.all([
      tx.run(findMissingRestocks, [restocks]),
      tx.run(findMissingVotes, [
        counted.map(({ user_id }) => user_id),
        counted.map(({ item_id }) => item_id),
      ]),
    ]),
  );
  const findings: Finding[] = [
    ...missingRestocks.map(({ id }) => ({
      ...{ invariant: 'I10' as const, saga_id: id },
      detail: 'the restock was accepted, but does not exist',
    })),
    ...missingVotes.map((vote) => ({
      ...{ invariant: 'I10' as const, ...vote },
      detail: 'the vote was counted, but does not exist',
    })),
    ...votes
      .filter(({ status }) => status === 403)
      .map(({ user_id, item_id }) => ({
        ...{ invariant: 'I8' as const, user_id, item_id },
        detail: 'the user had paid for the item, and was told that they had not bought it',
      })),
  ];
  return findings.slice(0, MAX_FINDINGS);
}
