import { statement } from './statement';
import type { Tx } from './tx';

/** A shopkeeper or an operator who does something that is not about their own things. */
export interface Staff {
  /** The subject of the token. */
  readonly subject: string;
  /** Why, if they said so. */
  readonly reason: string | undefined;
}

const insertRequests = statement(
  'http_record_staff',
  `INSERT INTO operator_actions (actor, action, saga_ids, event_ids, reason, detail)
   SELECT actor, 'request', CASE WHEN saga_id IS NULL THEN '{}' ELSE ARRAY[saga_id] END, '{}', reason,
          json_build_object('request', request)
   FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[]) AS done (actor, saga_id, reason, request)`,
);

/** A request of staff that had its effect. */
export interface StaffRequest {
  readonly staff: Staff;
  readonly method: string;
  readonly path: string;
  /** The saga that it opened. */
  readonly sagaId?: string;
}

/** Writes down who did what and why, in the transaction that does it. */
export function recordStaff(tx: Tx, requests: readonly StaffRequest[]): void {
  if (requests.length > 0) {
    tx.send(insertRequests, [
      requests.map(({ staff }) => staff.subject),
      requests.map(({ sagaId }) => sagaId ?? null),
      requests.map(({ staff }) => staff.reason ?? null),
      requests.map(({ method, path }) => `${method} ${path}`),
    ]);
  }
}
