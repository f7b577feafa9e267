import type { RestockEvent, RestockRefusal } from '../../../shared/contract/events';

/** What catalog knows about a restock. `reason` is set if it is REFUSED. */
export interface Restock {
  id: string;
  item_id: string;
  quantity: number;
  price: number;
  state: 'REQUESTED' | 'DONE' | 'REFUSED';
  reason: RestockRefusal | null;
  traceparent: string;
}

/** Asks stock for what a restock wants; the same question each time, so stock does it once. */
export function itemStocked({
  id: saga_id,
  item_id,
  quantity,
  price,
  traceparent,
}: Omit<Restock, 'state' | 'reason'>): RestockEvent {
  return { type: 'catalog.item_stocked', traceparent, data: { saga_id, item_id, quantity, price } };
}
