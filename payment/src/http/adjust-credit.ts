import * as z from 'zod';
import { MAX_TOTAL, total } from '../../../shared/http/inputs';
import { type Answer, problem } from '../../../shared/http/problem';
import { statement } from '../../../shared/postgres/statement';
import type { Tx } from '../../../shared/postgres/tx';

export interface User {
  readonly id: string;
  readonly credit: number;
}

export interface Movement {
  readonly delta: number;
  readonly kind: 'add_funds' | 'pay' | 'order_payment' | 'order_refund';
  readonly orderId?: string;
}

export const userSchema = z.object({ user_id: z.string(), credit: total });

const lockUserRow = statement<User>(
  'http_lock_user',
  'SELECT id, credit FROM users WHERE id = $1 FOR NO KEY UPDATE',
);

const changeCredit = statement(
  'http_change_credit',
  `WITH changed AS (UPDATE users SET credit = credit + $2 WHERE id = $1)
   INSERT INTO credit_ledger (user_id, delta, kind, order_id) VALUES ($1, $2, $3, $4)`,
);

/** Locks a user, so that no other transaction changes the credit that this one decides on. */
export async function lockUser(tx: Tx, id: string): Promise<User | undefined> {
  const [user] = await tx.run(lockUserRow, [id]);
  return user;
}

/** Changes the credit of a locked user and records it in the ledger, or returns a refusal and changes nothing. */
export async function moveCredit(tx: Tx, { id, credit }: User, movement: Movement): Promise<Answer> {
  const { delta, kind, orderId = null } = movement;
  if (credit + delta < 0) {
    const detail = `User ${id} has a credit of ${credit} and cannot pay ${-delta}. Nothing was taken.`;
    return problem(409, { reason: 'insufficient_credit', detail });
  }
  if (credit + delta > MAX_TOTAL) {
    const detail = `User ${id} has a credit of ${credit}. Adding ${delta} would exceed the maximum of ${MAX_TOTAL}.`;
    return problem(400, { reason: 'limit_exceeded', detail });
  }
  await tx.run(changeCredit, [id, delta, kind, orderId]);
  return creditAnswer({ id, credit: credit + delta });
}

export function creditAnswer({ id, credit }: User): Answer {
  return { status: 200, body: { user_id: id, credit } };
}
