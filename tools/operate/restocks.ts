import { encodeBatch } from '../../shared/contract/cloudevents';
import type { RestockEvent } from '../../shared/contract/events';
import { insertOutbox } from '../../shared/outbox/statements';
import { statement } from '../../shared/postgres/statement';
import type { ShopConnections } from './connections';
import { type Operator, recordOnSaga } from './operator-actions';

/** What catalog and stock know about a restock. */
export interface RestockView {
  readonly id: string;
  readonly item_id: string;
  readonly name: string | null;
  readonly quantity: number;
  readonly price: number;
  readonly state: 'REQUESTED' | 'DONE' | 'REFUSED';
  readonly reason: string | null;
  readonly traceparent: string;
  readonly created_at: Date;
  readonly asked_at: Date | null;
  /** What stock has decided; null if it does not know the restock. */
  readonly stock: 'added' | 'limit_exceeded' | 'other_price' | null;
}

const COLUMNS = `r.id, r.item_id, p.name, r.quantity, r.price, r.state, r.reason, r.traceparent, r.created_at, r.asked_at`;

const readRestock = statement<Omit<RestockView, 'stock'>>(
  'operate_read_restock',
  `SELECT ${COLUMNS} FROM restocks r LEFT JOIN products p USING (item_id) WHERE r.id = $1`,
);

const readWaiting = statement<Omit<RestockView, 'stock'>>(
  'operate_read_waiting_restocks',
  `SELECT ${COLUMNS} FROM restocks r LEFT JOIN products p USING (item_id)
   WHERE r.state = 'REQUESTED' ORDER BY r.created_at LIMIT $1`,
);

const readDecisions = statement<{ id: string; decision: NonNullable<RestockView['stock']> }>(
  'operate_read_stocks_decisions',
  `SELECT id, coalesce(reason, 'added') AS decision FROM restocks WHERE id = ANY ($1::uuid[])`,
);

/** Returns the restocks that stock has not answered, as far as catalog knows, the oldest first. */
export async function listWaiting({ databases }: ShopConnections, limit: number): Promise<RestockView[]> {
  const rows = await databases.catalog.transaction((tx) => tx.run(readWaiting, [limit]));
  return withDecisions(databases, rows);
}

/** Returns a restock, or undefined if catalog does not know it. */
export async function viewRestock(
  { databases }: ShopConnections,
  id: string,
): Promise<RestockView | undefined> {
  const rows = await databases.catalog.transaction((tx) => tx.run(readRestock, [id]));
  return (await withDecisions(databases, rows))[0];
}

async function withDecisions(
  { stock }: ShopConnections['databases'],
  rows: readonly Omit<RestockView, 'stock'>[],
): Promise<RestockView[]> {
  const decisions = await stock.transaction((tx) => tx.run(readDecisions, [rows.map(({ id }) => id)]));
  const known = new Map(decisions.map(({ id, decision }) => [id, decision]));
  return rows.map((row) => ({ ...row, stock: known.get(row.id) ?? null }));
}

/**
 * Has catalog ask stock once more. That decides nothing: stock does a restock once, and repeats its answer. If stock's restored
 * database has forgotten it, its units are added again.
 */
export async function askAgain(
  { databases }: ShopConnections,
  { id, item_id, quantity, price, state, stock, traceparent }: RestockView,
  operator: Operator,
): Promise<void> {
  const event: RestockEvent = {
    type: 'catalog.item_stocked',
    traceparent,
    data: { saga_id: id, item_id, quantity, price },
  };
  await databases.catalog.transaction(async (tx) => {
    await tx.run(insertOutbox, [event.type, encodeBatch([event], new Date().toISOString())]);
    const target = { saga_id: id, event_id: `${id}/${event.type}` };
    await recordOnSaga(tx, 'resend', target, operator, { item_id, catalog: state, stock });
  });
}
