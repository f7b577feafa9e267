import { statement } from '../../../shared/postgres/statement';
import type { Snapshots } from '../snapshots';
import type { ChargeView, OrderView, ReservationView, SagaView } from './judge';

const AGE_LIMIT = `now() - coalesce($2::int, 0) * interval '1 millisecond'`;

/** The lines of the order are the saga's only while the order is frozen in this saga. */
const ordersSagas = statement<OrderView>(
  'audit_orders_sagas',
  `SELECT s.id AS saga_id, s.order_id, s.user_id, s.amount, s.state,
          coalesce(s.settled_at, s.opened_at) > ${AGE_LIMIT} AS young,
          CASE WHEN o.id IS NOT NULL AND s.state <> 'FAILED' THEN
            (SELECT coalesce(json_agg(json_build_object('item_id', item_id, 'quantity', quantity)), '[]')
             FROM order_lines WHERE order_id = o.id) END AS lines
   FROM sagas s LEFT JOIN orders o ON o.saga_id = s.id AND o.id = s.order_id
   WHERE s.id = ANY($1::uuid[])`,
);

const stocksReservations = statement<ReservationView>(
  'audit_stocks_reservations',
  `SELECT saga_id, order_id, user_id, amount, state, updated_at > ${AGE_LIMIT} AS young,
          (SELECT coalesce(json_agg(json_build_object('item_id', item_id, 'quantity', quantity)), '[]')
           FROM unnest(item_ids, quantities) AS line (item_id, quantity)) AS lines
   FROM reservations WHERE saga_id = ANY($1::uuid[])`,
);

const paymentsCharges = statement<ChargeView>(
  'audit_payments_charges',
  `SELECT saga_id, order_id, user_id, amount, state, created_at > ${AGE_LIMIT} AS young
   FROM charges WHERE saga_id = ANY($1::uuid[])`,
);

/** Reads what each service knows about these sagas. */
export async function readSagas(
  { order, payment, stock }: Snapshots,
  ids: readonly string[],
  olderThanMs: number | null,
): Promise<SagaView[]> {
  const [sagas, reservations, charges] = await Promise.all([
    order.run(ordersSagas, [ids, olderThanMs]),
    stock.run(stocksReservations, [ids, olderThanMs]),
    payment.run(paymentsCharges, [ids, olderThanMs]),
  ]);
  const views = new Map<string, SagaView>(ids.map((saga_id) => [saga_id, { saga_id }]));
  for (const order of sagas) {
    Object.assign(views.get(order.saga_id) ?? {}, { order });
  }
  for (const stock of reservations) {
    Object.assign(views.get(stock.saga_id) ?? {}, { stock });
  }
  for (const payment of charges) {
    Object.assign(views.get(payment.saga_id) ?? {}, { payment });
  }
  return [...views.values()];
}
