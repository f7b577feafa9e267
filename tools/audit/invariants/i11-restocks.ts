import { statement } from '../../../shared/postgres/statement';
import { type Finding, MAX_FINDINGS } from '../finding';
import type { Snapshots } from '../snapshots';
import { comparable, differences } from './compare';

/**
 * I11. Catalog and stock agree on every restock: on its item, its units, its price, and whether the units were added. Each
 * that was added is in stock's ledger once, and nothing else is there as a restock.
 */
const isOld = `($1::int IS NULL OR created_at <= now() - $1::int * interval '1 millisecond')`;
const DECISION = `concat_ws(' ', item_id, quantity, price, coalesce(reason, 'added'))`;

const inCatalog = comparable(
  'restocks_in_catalog',
  `SELECT id AS saga_id, CASE state WHEN 'REQUESTED' THEN 'requested' ELSE ${DECISION} END AS entry
   FROM restocks WHERE ${isOld}`,
);
const inStock = comparable(
  'restocks_in_stock',
  `SELECT id AS saga_id, ${DECISION} AS entry FROM restocks WHERE ${isOld}`,
);

interface Side {
  id: string;
  item_id: string;
  decision: string;
  young: boolean;
}
const readSide = (name: string, decision: string) =>
  statement<Side>(
    `audit_${name}`,
    `SELECT id, item_id, ${decision} AS decision,
            created_at > now() - coalesce($2::int, 0) * interval '1 millisecond' AS young
     FROM restocks WHERE id = ANY($1::uuid[])`,
  );
const words = `concat_ws(' ', quantity, 'of', item_id, 'at', price || ',', coalesce(reason, 'added'))`;
const ofCatalog = readSide(
  'catalogs_restocks',
  `CASE state WHEN 'REQUESTED' THEN 'requested' ELSE ${words} END`,
);
const ofStock = readSide('stocks_restocks', words);

const wrongEntries = statement<{ saga_id: string; item_id: string; added: string; recorded: string }>(
  'audit_wrong_restocks',
  `SELECT saga_id, item_id, coalesce(added, 0)::text AS added, coalesce(recorded, 0)::text AS recorded
   FROM (SELECT id AS saga_id, item_id, quantity AS added FROM restocks WHERE reason IS NULL) AS restock
   FULL JOIN (SELECT saga_id, item_id, sum(delta) AS recorded FROM stock_ledger
              WHERE kind = 'restock' GROUP BY saga_id, item_id) AS entry USING (saga_id, item_id)
   WHERE added IS DISTINCT FROM recorded
   ORDER BY saga_id LIMIT ${MAX_FINDINGS}`,
);

/**
 * @param olderThanMs what is younger may still be on its way; null when nothing may be
 * @param lost restocks that stock's restored database has forgotten: they are not judged
 */
export async function checkRestocks(
  { catalog, stock }: Snapshots,
  olderThanMs: number | null,
  lost: ReadonlySet<string> = new Set(),
): Promise<Finding[]> {
  const findings: Finding[] = (await stock.run(wrongEntries)).map(
    ({ saga_id, item_id, added, recorded }) => ({
      ...{ invariant: 'I11', saga_id, item_id },
      detail: `the restock added ${added}, but the ledger has ${recorded} from it`,
    }),
  );
  for await (const differing of differences([inCatalog, catalog], [inStock, stock], olderThanMs)) {
    const ids = differing.filter((id) => !lost.has(id));
    const [left, right] = await Promise.all([
      catalog.run(ofCatalog, [ids, olderThanMs]),
      stock.run(ofStock, [ids, olderThanMs]),
    ]);
    const known = new Map(right.map((side) => [side.id, side]));
    const stocks = (id: string) => known.get(id);
    findings.push(
      ...left.flatMap((side) => judge(side, stocks(side.id))),
      ...right
        .filter(({ id }) => !left.some((side) => side.id === id))
        .flatMap((side) => judge(undefined, side)),
    );
    if (findings.length >= MAX_FINDINGS) {
      break;
    }
  }
  return findings.slice(0, MAX_FINDINGS);
}

function judge(catalog: Side | undefined, stock: Side | undefined): Finding[] {
  const { id: saga_id, item_id } = (catalog ?? stock) as Side;
  const finding = (detail: string): Finding[] => [{ invariant: 'I11', saga_id, item_id, detail }];
  if (catalog === undefined) {
    return stock?.young ? [] : finding(`stock has it (${stock?.decision}), and catalog does not know it`);
  }
  // I6 says which of them have waited for too long.
  return catalog.decision === 'requested' || catalog.decision === stock?.decision
    ? []
    : finding(`catalog says ${catalog.decision}, and stock says ${stock?.decision ?? 'nothing'}`);
}
