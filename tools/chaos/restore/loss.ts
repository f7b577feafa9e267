import type { ServiceName } from '../../../shared/services';
import type { Loss } from '../../audit/history/loss';
import { query } from '../rig/query';

/** A saga as a service knew it before its database was restored. */
export interface LostSaga {
  saga_id: string;
  order_id: string;
  user_id: string;
  amount: number;
  state: string;
}

/** Exactly what a restore took back. */
export interface RestoreLoss extends Loss {
  /** The sagas that the service has forgotten, or knows in an earlier state than before. */
  sagas: ReadonlyMap<string, LostSaga>;
}

/**
 * Returns the orders whose lines a restore has taken back. If such an order was sold and is checked out again, only an
 * operator can end that (docs/decisions/0022), so its buyer, who looks at it first, does not.
 */
export async function findChangedOrders(replacedUrl: string, url: string): Promise<ReadonlySet<string>> {
  const lines = `SELECT order_id, json_agg(json_build_array(item_id, quantity) ORDER BY item_id)::text AS lines
                 FROM order_lines GROUP BY order_id`;
  const [before, after] = await Promise.all(
    [replacedUrl, url].map((address) => query<{ order_id: string; lines: string }>(address, lines)),
  );
  const kept = new Map((after ?? []).map((order) => [order.order_id, order.lines]));
  const changed = (before ?? []).filter((order) => kept.get(order.order_id) !== order.lines);
  return new Set(changed.map((order) => order.order_id));
}

const rows: Record<ServiceName, string> = {
  order: 'SELECT id AS saga_id, order_id, user_id, amount::float8, state FROM sagas',
  payment: 'SELECT saga_id, order_id, user_id, amount::float8, state FROM charges',
  stock: 'SELECT saga_id, order_id, user_id, amount::float8, state FROM reservations',
};

/** Compares the database that was replaced with the one that took its place. Nobody may have used that one yet. */
export async function findLostSagas(
  service: ServiceName,
  replacedUrl: string,
  url: string,
): Promise<Map<string, LostSaga>> {
  const [before, after] = await Promise.all(
    [replacedUrl, url].map((address) => query<LostSaga>(address, rows[service])),
  );
  const kept = new Map((after ?? []).map(({ saga_id, state }) => [saga_id, state]));
  const lost = (before ?? []).filter(({ saga_id, state }) => kept.get(saga_id) !== state);
  return new Map(lost.map((saga) => [saga.saga_id, saga]));
}
