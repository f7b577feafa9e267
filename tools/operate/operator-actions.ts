import type { Database } from '../../shared/postgres/database';
import { statement } from '../../shared/postgres/statement';
import type { Tx } from '../../shared/postgres/tx';
import { type DeadLetter, sagaIdsOf } from './dead-letter';

/** Who acts, and why. */
export interface Operator {
  readonly actor: string;
  readonly reason: string | undefined;
}

export interface Action {
  at: Date;
  actor: string;
  action: 'redrive' | 'redrive_failed' | 'discard' | 'cancel' | 'resend' | 'request';
  queue: string | null;
  letter_id: string | null;
  saga_ids: string[];
  event_ids: string[];
  reason: string | null;
  detail: Record<string, unknown>;
}

const columns = 'at, actor, action, queue, letter_id, saga_ids, event_ids, reason, detail';

const insertAction = statement(
  'operate_insert_action',
  `INSERT INTO operator_actions (actor, action, queue, letter_id, content_id, saga_ids, event_ids, reason, detail)
   VALUES ($1, $2, $3, $4, $5, $6::uuid[], $7::text[], $8, $9::json)`,
);

const countRedrives = statement<{ redrives: number }>(
  'operate_count_redrives',
  `SELECT count(*) AS redrives FROM operator_actions WHERE content_id = $1 AND action = 'redrive'`,
);

const readActionsOnContent = statement<Action>(
  'operate_actions_on_content',
  `SELECT ${columns} FROM operator_actions WHERE content_id = $1 ORDER BY id DESC LIMIT 100`,
);

const readActionsOnSaga = statement<Action>(
  'operate_actions_on_saga',
  `SELECT ${columns} FROM operator_actions WHERE saga_ids @> ARRAY[$1::uuid] ORDER BY id DESC LIMIT 100`,
);

/** A text in PostgreSQL cannot contain NUL. */
const withoutNul = (value: string) => value.replaceAll('\0', '�');

/** Records what is about to be done to a dead letter. Returns how often its content will then have been redriven. */
export async function recordAction(
  database: Database,
  action: 'redrive' | 'redrive_failed' | 'discard',
  deadLetter: DeadLetter,
  { actor, reason }: Operator,
  moreDetail: Record<string, unknown> = {},
): Promise<number> {
  const { parked_at, error_code, error, size } = deadLetter;
  return database.transaction(async (tx) => {
    await tx.run(insertAction, [
      actor,
      action,
      deadLetter.queue,
      deadLetter.id,
      deadLetter.content_id,
      sagaIdsOf(deadLetter),
      deadLetter.events.flatMap(({ saga_id, type }) =>
        saga_id && type ? withoutNul(`${saga_id}/${type}`) : [],
      ),
      reason ?? null,
      JSON.stringify({ parked_at, error_code, error, size, ...moreDetail }),
    ]);
    const [counted] = await tx.run(countRedrives, [deadLetter.content_id]);
    return counted?.redrives ?? 0;
  });
}

/** Records what an operator has a service send about a saga, in the transaction that puts it into the outbox. */
export async function recordOnSaga(
  tx: Tx,
  action: 'cancel' | 'resend',
  saga: { saga_id: string; event_id: string },
  { actor, reason }: Operator,
  detail: Record<string, unknown>,
): Promise<void> {
  const none = [null, null, null];
  await tx.run(insertAction, [
    ...[actor, action, ...none],
    [saga.saga_id],
    [saga.event_id],
    reason,
    JSON.stringify(detail),
  ]);
}

/** Returns what was done before to dead letters with the same content, latest first. */
export function actionsOnDeadLetter(database: Database, { content_id }: DeadLetter): Promise<Action[]> {
  return database.transaction((tx) => tx.run(readActionsOnContent, [content_id]));
}

export function actionsOnSaga(tx: Tx, sagaId: string): Promise<Action[]> {
  return tx.run(readActionsOnSaga, [sagaId]);
}
