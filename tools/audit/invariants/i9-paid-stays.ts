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

/** An order against the saga that it names, and by which it is open, being checked out or paid. */
const ordersAgainstTheirSagas = statement<Disagreement>(
  'audit_orders_against_sagas',
  `SELECT o.id AS order_id, o.user_id, o.saga_id, s.state, o.saga_id AS current_saga_id
   FROM orders o LEFT JOIN sagas s ON s.id = o.saga_id
   WHERE o.saga_id IS NOT NULL AND (s.order_id, s.user_id) IS DISTINCT FROM (o.id, o.user_id)
   ORDER BY o.id LIMIT ${MAX_FINDINGS}`,
);

/** A saga that is paid or pending against the order that it belongs to, unless batch_init has replaced the order since. */
const sagasAgainstTheirOrders = statement<Disagreement>(
  'audit_sagas_against_orders',
  `SELECT s.order_id, s.user_id, s.id AS saga_id, s.state, o.saga_id AS current_saga_id
   FROM sagas s LEFT JOIN orders o ON o.id = s.order_id
   WHERE s.state IN ('PAID', 'PENDING') AND o.saga_id IS DISTINCT FROM s.id
     AND (o.id IS NULL OR s.opened_at >= o.created_at)
   ORDER BY s.id LIMIT ${MAX_FINDINGS}`,
);

/**
 * I9. PAID never reverts: a saga that is paid or pending is the one that its order is in, and the saga that an order is in is
 * its own. (That lines do not change is checked with the amounts, I5.) Both tables are in one database and change together,
 * so this holds in every snapshot.
 */
export async function checkPaidStays(order: Reader): Promise<Finding[]> {
  const [orders, sagas] = await Promise.all([
    order.run(ordersAgainstTheirSagas),
    order.run(sagasAgainstTheirOrders),
  ]);
  return [...orders, ...sagas].map(({ order_id, user_id, saga_id, state, current_saga_id }) => ({
    invariant: 'I9',
    order_id,
    user_id,
    ...(saga_id !== null && { saga_id }),
    detail:
      saga_id === current_saga_id
        ? `the saga that the order is in is ${state === null ? 'unheard of' : 'of another order or user'}`
        : `the saga is ${state}, but its order is gone, or in another: ${current_saga_id ?? 'none'}`,
  }));
}
