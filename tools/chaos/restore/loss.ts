import type { CheckoutName } from '../../../shared/services';
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

const rows: Record<CheckoutName, string> = {
  order: 'SELECT id AS saga_id, order_id, user_id, amount::float8, state FROM sagas',
  payment: 'SELECT saga_id, order_id, user_id, amount::float8, state FROM charges',
  stock: `SELECT saga_id, order_id, user_id, amount::float8, state FROM reservations
    UNION ALL SELECT id, '', '', 0, coalesce(reason, 'added') FROM restocks`,
};

/** Compares the database that was replaced with the one that took its place. Nobody may have used that one yet. */
export async function findLostSagas(
  service: CheckoutName,
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
