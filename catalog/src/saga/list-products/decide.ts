import type { RestockEvent } from '../../../../shared/contract/events';
import { InvariantViolation } from '../../../../shared/errors';
import type { Restock } from '../restock';

export interface ListingDecisions {
  /** Restocks in their new state. */
  answered: Restock[];
  duplicates: number;
}

/**
 * Follows what stock has decided about a restock.
 *
 *     restock    event               decision
 *     REQUESTED  stock.item_changed  DONE: from now on the product is listed
 *     REQUESTED  stock.item_refused  REFUSED
 *     DONE       stock.item_changed  nothing: a duplicate
 *     REFUSED    stock.item_refused  nothing: a duplicate
 *     any other                      violation
 *
 * A restock is unknown only if catalog's database was restored: the units are there, and what they are units of is
 * forgotten. Its event is parked, so that somebody gets to see it.
 *
 * @param restocks those that the events are about, locked
 */
export function decideListings(
  restocks: readonly Restock[],
  events: readonly RestockEvent[],
): ListingDecisions {
  const byId = new Map(restocks.map((restock) => [restock.id, restock]));
  const result: ListingDecisions = { answered: [], duplicates: 0 };
  for (const { type, data } of events) {
    if (type === 'catalog.item_stocked') {
      throw new InvariantViolation(`${type} is a question, and no answer of stock`);
    }
    const restock = byId.get(data.saga_id);
    if (restock === undefined) {
      throw new InvariantViolation(`catalog does not know restock ${data.saga_id} of item ${data.item_id}`);
    }
    const state = type === 'stock.item_changed' ? 'DONE' : 'REFUSED';
    if (restock.state === 'REQUESTED') {
      const reason = type === 'stock.item_refused' ? data.reason : null;
      const answered: Restock = { ...restock, state, reason };
      byId.set(restock.id, answered);
      result.answered.push(answered);
    } else if (restock.state === state) {
      result.duplicates++;
    } else {
      throw new InvariantViolation(`restock ${restock.id} is ${restock.state}, and stock says ${state}`);
    }
  }
  return result;
}
