import { statement } from '../../../shared/postgres/statement';
import { type Finding, MAX_FINDINGS } from '../finding';
import type { Snapshots } from '../snapshots';

interface Captures {
  order_id: string;
  saga_ids: string[];
}

const PAGE = 2_000;

const chargedTwice = statement<Captures>(
  'audit_charged_twice',
  `SELECT order_id, array_agg(saga_id ORDER BY saga_id) AS saga_ids FROM charges
   WHERE state = 'CAPTURED' AND order_id > $1
   GROUP BY order_id HAVING count(*) > 1 ORDER BY order_id LIMIT ${PAGE}`,
);

/** The last condition finds sagas of a later life, which order has forgotten because its database was restored. */
const sagasOfReplacedOrders = statement<{ saga_id: string }>(
  'audit_of_replaced_orders',
  `SELECT captured.saga_id
   FROM unnest($1::uuid[], $2::text[]) AS captured (saga_id, order_id)
   JOIN orders o ON o.id = captured.order_id
   LEFT JOIN sagas s ON s.id = captured.saga_id
   WHERE s.opened_at < o.created_at
     OR (s.id IS NULL AND left(captured.saga_id::text, 30) <> left(o.first_saga_id::text, 30))`,
);

/**
 * I4. An order has at most one capture. An order that batch_init has replaced is a new order under an old id, so
 * captures of sagas that are older than the order's row do not count.
 */
export async function checkOneCapture({ order, payment }: Snapshots): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (let after = ''; findings.length < MAX_FINDINGS; ) {
    const page = await payment.run(chargedTwice, [after]);
    const replaced = await order.run(sagasOfReplacedOrders, [
      page.flatMap((captures) => captures.saga_ids),
      page.flatMap(({ order_id, saga_ids }) => saga_ids.map(() => order_id)),
    ]);
    findings.push(...reportChargedTwice(page, new Set(replaced.map((row) => row.saga_id))));
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined) {
      break;
    }
    after = last.order_id;
  }
  return findings.slice(0, MAX_FINDINGS);
}

function reportChargedTwice(captures: readonly Captures[], replaced: ReadonlySet<string>): Finding[] {
  return captures.flatMap(({ order_id, saga_ids }): Finding[] => {
    const counted = saga_ids.filter((id) => !replaced.has(id));
    const [saga_id] = counted;
    if (saga_id === undefined || counted.length === 1) {
      return [];
    }
    const detail = `the order was charged ${counted.length} times, by sagas ${counted.join(', ')}`;
    return [{ invariant: 'I4', order_id, saga_id, detail }];
  });
}
