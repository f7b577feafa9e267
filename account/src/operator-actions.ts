import { type Answer, problem } from '../../shared/http/problem';
import { statement } from '../../shared/postgres/statement';
import type { Tx } from '../../shared/postgres/tx';

export interface OperatorAction {
  /** The id of the operator. */
  readonly actor: string;
  readonly action: 'set_roles' | 'create_key' | 'revoke_key';
  /** The id of the user that it is done to. */
  readonly subject: string;
  readonly reason: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

const insertAction = statement(
  'account_insert_action',
  'INSERT INTO operator_actions (actor, action, subject, reason, detail) VALUES ($1, $2, $3, $4, $5::json)',
);

const findOperator = statement(
  'account_find_operator',
  `SELECT FROM users WHERE id = $1 AND 'operator' = ANY (roles) FOR SHARE`,
);

/** A token says what somebody was when it was made. Whoever is no operator any more must not make themselves one with it. */
export async function isStillOperator(tx: Tx, actor: string): Promise<boolean> {
  return (await tx.run(findOperator, [actor])).length > 0;
}

export function noOperator(): Answer {
  const detail = 'This is only for those who have the role "operator".';
  return problem(403, { reason: 'forbidden', detail });
}

/** Writes down what an operator does, in the transaction that does it. */
export function recordAction(tx: Tx, { actor, action, subject, reason, detail }: OperatorAction): void {
  tx.send(insertAction, [actor, action, subject, reason, JSON.stringify(detail)]);
}
