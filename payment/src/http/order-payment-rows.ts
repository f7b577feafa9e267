import { statement } from '../../../shared/postgres/statement';
import type { Tx } from '../../../shared/postgres/tx';

/**
 * A payment for an order outside any checkout, in the older edition of the API: none → PAID ⇄ CANCELLED. It never
 * changes what a checkout has captured.
 */
export interface OrderPayment {
  readonly amount: number;
  readonly state: 'PAID' | 'CANCELLED';
}

const readPayment = statement<OrderPayment>(
  'http_read_order_payment',
  'SELECT amount, state FROM order_payments WHERE user_id = $1 AND order_id = $2',
);

const writePayment = statement(
  'http_write_order_payment',
  `INSERT INTO order_payments (user_id, order_id, amount, state) VALUES ($1, $2, $3, $4)
   ON CONFLICT (user_id, order_id) DO UPDATE SET amount = EXCLUDED.amount, state = EXCLUDED.state`,
);

/** Call it after the user is locked: all payments of a user are decided under that lock. */
export async function readOrderPayment(tx: Tx, userId: string, orderId: string) {
  const [payment] = await tx.run(readPayment, [userId, orderId]);
  return payment;
}

export async function writeOrderPayment(tx: Tx, userId: string, orderId: string, payment: OrderPayment) {
  await tx.run(writePayment, [userId, orderId, payment.amount, payment.state]);
}
