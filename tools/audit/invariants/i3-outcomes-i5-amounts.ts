import { statement } from '../../../shared/postgres/statement';
import { type Finding, MAX_FINDINGS, MAX_OUTCOMES } from '../finding';
import type { Snapshots } from '../snapshots';
import { comparable, differences } from './compare';
import { judgeSaga } from './judge';
import { readSagas } from './sagas';

/** What every service must record about a saga in the same way. */
const PURCHASE = `order_id || ' ' || user_id || ' ' || amount AS entry`;
const isOld = (column: string) => `coalesce(${column} < now() - $1::int * interval '1 millisecond', true)`;

const sagas = (name: string, state: string) =>
  comparable(
    name,
    `SELECT id AS saga_id, ${PURCHASE} FROM sagas WHERE state = '${state}' AND ${isOld('settled_at')}`,
  );
const reservations = (name: string, states: string) =>
  comparable(
    name,
    `SELECT saga_id, ${PURCHASE} FROM reservations WHERE state IN (${states}) AND ${isOld('updated_at')}`,
  );
const charges = (name: string, states: string) =>
  comparable(
    name,
    `SELECT saga_id, ${PURCHASE} FROM charges WHERE state IN (${states}) AND ${isOld('created_at')}`,
  );

const paid = sagas('paid', 'PAID');
const failed = sagas('failed', 'FAILED');
const committed = reservations('committed', `'COMMITTED'`);
const undone = reservations('undone', `'REJECTED', 'RELEASED'`);
const released = reservations('released', `'RELEASED'`);
const captured = charges('captured', `'CAPTURED'`);
const refused = charges('refused', `'REJECTED', 'CANCELLED'`);

const paidLines = comparable(
  'paid_lines',
  `SELECT s.id AS saga_id, l.item_id || ' ' || l.quantity AS entry
   FROM sagas s JOIN orders o ON o.saga_id = s.id JOIN order_lines l ON l.order_id = o.id
   WHERE s.state = 'PAID' AND ${isOld('s.settled_at')}`,
);
const committedLines = comparable(
  'committed_lines',
  `SELECT saga_id, line.item_id || ' ' || line.quantity AS entry
   FROM reservations, unnest(item_ids, quantities) AS line (item_id, quantity)
   WHERE state = 'COMMITTED' AND ${isOld('updated_at')}`,
);

const PAGE = 1_000;

/**
 * I3 and the part of I5 that spans services. The comparisons only select the sagas that are worth checking: a saga may
 * have ended just before the age limit in one service and just after it in another, and a cancelled one may have been
 * rejected as well. Each selected saga is then judged by what all three services know about it.
 *
 * @param olderThanMs changes younger than this may be unknown to the other services; null when nothing is in flight
 * @param except sagas that are not judged
 */
export async function checkOutcomes(
  snapshots: Snapshots,
  olderThanMs: number | null,
  except: ReadonlySet<string> = new Set(),
): Promise<Finding[]> {
  const { order, payment, stock } = snapshots;
  const comparisons = [
    [
      [paid, order],
      [captured, payment],
    ],
    [
      [paid, order],
      [committed, stock],
    ],
    [
      [paidLines, order],
      [committedLines, stock],
    ],
    [
      [failed, order],
      [undone, stock],
    ],
    [
      [released, stock],
      [refused, payment],
    ],
  ] as const;
  const judged = new Set(except);
  const findings: Finding[] = [];
  for (const [left, right] of comparisons) {
    for await (const ids of differences(left, right, olderThanMs)) {
      const unjudged = ids.filter((id) => !judged.has(id));
      for (let i = 0; i < unjudged.length && findings.length < MAX_OUTCOMES; i += PAGE) {
        const page = unjudged.slice(i, i + PAGE);
        for (const saga of await readSagas(snapshots, page, olderThanMs)) {
          judged.add(saga.saga_id);
          findings.push(...judgeSaga(saga, olderThanMs === null));
        }
      }
    }
  }
  return findings.slice(0, MAX_OUTCOMES);
}

const wrongTotals = statement<{
  order_id: string;
  user_id: string;
  saga_id: string;
  amount: number;
  total: string;
}>(
  'audit_wrong_totals',
  `SELECT o.id AS order_id, o.user_id, s.id AS saga_id, s.amount, coalesce(total, 0)::text AS total
   FROM orders o JOIN sagas s ON s.id = o.saga_id
   LEFT JOIN (SELECT order_id, sum(quantity::numeric * price) AS total FROM order_lines GROUP BY order_id) AS line
     ON line.order_id = o.id
   WHERE s.state IN ('PENDING', 'PAID') AND s.amount <> coalesce(total, 0)
   ORDER BY o.id LIMIT ${MAX_FINDINGS}`,
);

/** I5 within order: a frozen order still costs what its saga was opened with. This holds in every snapshot. */
export async function checkTotals({ order }: Snapshots): Promise<Finding[]> {
  const rows = await order.run(wrongTotals);
  return rows.map(({ order_id, user_id, saga_id, amount, total }) => ({
    invariant: 'I5',
    ...{ saga_id, order_id, user_id },
    detail: `the checkout was for ${amount}, but the lines of the order add up to ${total}`,
  }));
}
