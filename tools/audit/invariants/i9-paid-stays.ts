import { statement } from '../../../shared/postgres/statement';
import type { Reader } from '../../../shared/postgres/tx';
import { type Finding, MAX_FINDINGS } from '../finding';

interface Disagreement {
  order_id: string;
  user_id: string;
  saga_id: string | null;
  state: string | null;
  current_saga_id: string | null;
}

/** Orders whose saga is missing or another order's. The saga says whether an order is open, checking out or paid. */
const ordersAgainstTheirSagas = statement<Disagreement>(
  'audit_orders_against_sagas',
  `SELECT o.id AS order_id, o.user_id, o.saga_id, s.state, o.saga_id AS current_saga_id
   FROM orders o LEFT JOIN sagas s ON s.id = o.saga_id
   WHERE o.saga_id IS NOT NULL AND (s.order_id, s.user_id) IS DISTINCT FROM (o.id, o.user_id)
   ORDER BY o.id LIMIT ${MAX_FINDINGS}`,
);

/** Sagas that have not failed and that their order does not refer to, unless batch_init has replaced the order since. */
const sagasAgainstTheirOrders = statement<Disagreement>(
  'audit_sagas_against_orders',
  `SELECT s.order_id, s.user_id, s.id AS saga_id, s.state, o.saga_id AS current_saga_id
   FROM sagas s LEFT JOIN orders o ON o.id = s.order_id
   WHERE s.state IN ('PAID', 'PENDING', 'DISPUTED') AND o.saga_id IS DISTINCT FROM s.id
     AND (o.id IS NULL OR s.opened_at >= o.created_at)
   ORDER BY s.id LIMIT ${MAX_FINDINGS}`,
);

/**
 * I9. PAID never reverts: an order refers to its pending, paid or disputed saga, and never to a saga of another order. (I5 checks
 * that lines do not change, with the amounts.) Both tables are in one database and change together, so this holds in
 * every snapshot.
 */
export async function checkPaidStays(order: Reader): Promise<Finding[]> {
  const [orders, sagas] = await Promise.all([
    order.run(ordersAgainstTheirSagas),
    order.run(sagasAgainstTheirOrders),
  ]);
  return [...orders, ...sagas].map((disagreement) => ({
    invariant: 'I9',
    order_id: disagreement.order_id,
    user_id: disagreement.user_id,
    ...(disagreement.saga_id !== null && { saga_id: disagreement.saga_id }),
    detail: describe(disagreement),
  }));
}

function describe({ saga_id, state, current_saga_id }: Disagreement): string {
  if (saga_id === current_saga_id) {
    return `the order refers to a saga that ${state === null ? 'does not exist' : 'belongs to another order or user'}`;
  }
  return current_saga_id === null
    ? `the saga is ${state}, but its order does not exist or refers to no saga`
    : `the saga is ${state}, but its order refers to saga ${current_saga_id}`;
}
