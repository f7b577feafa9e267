import { statement } from '../../shared/postgres/statement';
import type { Tx } from '../../shared/postgres/tx';
import { ownerOf, type ShopConnections } from './connections';
import type { Headers } from './dead-letter-cause';
import type { Selection } from './visit-dead-letters';

/** A discarded dead letter, as it was recorded. It is no longer in its queue; the record stays for good. */
export interface Discarded {
  readonly id: string;
  readonly queue: string;
  readonly at: Date;
  readonly actor: string;
  readonly reason: string | null;
  readonly saga_ids: readonly string[];
  /** `<saga id>/<event type>`. */
  readonly event_ids: readonly string[];
  readonly parked_at?: string;
  readonly error_code: string;
  readonly error: string;
  /** Bytes. */
  readonly size: number;
}

export interface ShownDiscarded extends Discarded {
  readonly headers: Headers;
  /** Only the beginning of a long one: see MAX_KEPT. */
  readonly body: string;
  readonly encoding: 'utf8' | 'base64';
}

interface Row extends Omit<ShownDiscarded, 'parked_at' | 'error_code' | 'error' | 'size'> {
  detail: Pick<
    ShownDiscarded,
    'parked_at' | 'error_code' | 'error' | 'size' | 'headers' | 'body' | 'encoding'
  >;
}

const readDiscarded = statement<Row>(
  'operate_read_discarded',
  `SELECT letter_id AS id, queue, at, actor, reason, saga_ids, event_ids, detail FROM operator_actions
   WHERE action = 'discard' AND queue = ANY($1::text[]) AND ($2::uuid IS NULL OR saga_ids @> ARRAY[$2::uuid])
     AND ($3::text[] IS NULL OR letter_id = ANY($3))
   ORDER BY operator_actions.id DESC LIMIT $4`,
);

/** Returns the discarded dead letters of the selected queues, latest first, with everything that was kept. */
export async function listDiscarded(
  { databases }: ShopConnections,
  { queues, sagaId, ids, limit }: Selection,
): Promise<ShownDiscarded[]> {
  const owners = [...new Set(queues.map(ownerOf))];
  const read = (tx: Tx) => tx.run(readDiscarded, [queues, sagaId ?? null, ids ?? null, limit]);
  const found = await Promise.all(owners.map((owner) => databases[owner].transaction(read)));
  return found
    .flat()
    .sort((a, b) => b.at.getTime() - a.at.getTime())
    .slice(0, limit)
    .map(({ detail, ...row }) => ({ ...row, ...detail }));
}

/** Leaves out what matters only when a single one is shown. */
export function summaryOf({ headers: _, body: __, encoding: ___, ...summary }: ShownDiscarded): Discarded {
  return summary;
}
