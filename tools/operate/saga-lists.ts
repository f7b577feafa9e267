import { statement } from '../../shared/postgres/statement';

/** The statements that find sagas, and that say what each service has them as. */

export interface ListedSaga {
  saga_id: string;
  order_id: string;
  user_id: string;
  amount: number;
  since: Date;
}
/** Sagas that have not ended, oldest first. */
export const listPending = statement<ListedSaga>(
  'operate_list_pending',
  `SELECT id AS saga_id, order_id, user_id, amount, opened_at AS since FROM sagas
   WHERE state = 'PENDING' AND opened_at <= now() - $1 * interval '1 millisecond'
   ORDER BY opened_at LIMIT $2`,
);
/**
 * Sagas that have ended, latest first. It reads all of `sagas`, because ids do not say when sagas were opened, only when
 * their orders were created (docs/decisions/0022). An index by time would cost every checkout something, for a question
 * that operators ask rarely.
 */
export const listEnded = statement<ListedSaga>(
  'operate_list_ended',
  `SELECT id AS saga_id, order_id, user_id, amount, opened_at AS since FROM sagas
   WHERE state = $3 AND opened_at <= now() - $1 * interval '1 millisecond'
   ORDER BY opened_at DESC, id DESC LIMIT $2`,
);
/** Every saga of an order, latest first. It reads all of `sagas`, too. */
export const listOfOrder = statement<ListedSaga>(
  'operate_list_of_order',
  `SELECT id AS saga_id, order_id, user_id, amount, opened_at AS since FROM sagas
   WHERE order_id = $3 AND opened_at <= now() - $1 * interval '1 millisecond'
   ORDER BY opened_at DESC, id DESC LIMIT $2`,
);
export const findOrder = statement<{ id: string }>(
  'operate_find_order',
  'SELECT id FROM orders WHERE id = $1',
);
/** Sagas as stock sees them. They may include some that order does not know. */
export const listReservations = statement<ListedSaga>(
  'operate_list_reservations',
  `SELECT saga_id, order_id, user_id, amount, created_at AS since FROM reservations
   WHERE state = $3 AND created_at <= now() - $1 * interval '1 millisecond'
   ORDER BY arrival LIMIT $2`,
);

export interface StateRow {
  saga_id: string;
  state: string;
}
export const orderStates = statement<StateRow>(
  'operate_order_states',
  'SELECT id AS saga_id, state FROM sagas WHERE id = ANY($1::uuid[])',
);
export const stockStates = statement<StateRow>(
  'operate_stock_states',
  'SELECT saga_id, state FROM reservations WHERE saga_id = ANY($1::uuid[])',
);
export const paymentStates = statement<StateRow>(
  'operate_payment_states',
  'SELECT saga_id, state FROM charges WHERE saga_id = ANY($1::uuid[])',
);

export interface CancellableSaga extends Omit<ListedSaga, 'since'> {
  state: string;
  reason: string | null;
  traceparent: string;
}
/** Not locked: if the saga ends in the meantime, payment answers the request with what it decided. */
export const readCancellable = statement<CancellableSaga>(
  'operate_read_cancellable',
  'SELECT id AS saga_id, order_id, user_id, amount, state, reason, traceparent FROM sagas WHERE id = $1',
);
