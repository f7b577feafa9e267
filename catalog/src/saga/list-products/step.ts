import type { RestockEvent } from '../../../../shared/contract/events';
import { blockedBy, namesOf } from '../../../../shared/inbox/blocked';
import type { Step } from '../../../../shared/inbox/step';
import { asJson } from '../../../../shared/postgres/statement';
import { decideListings } from './decide';
import {
  findLockedProducts,
  findLockedRestocks,
  listProducts,
  lockRestocks,
  settleRestocks,
} from './statements';

/** What was done. */
export interface Stocked {
  /** The items that have more units now. */
  readonly stocked: readonly string[];
  /** Whether a product is listed from now on. */
  readonly isAnyNew: boolean;
}

/**
 * Records what stock has decided about restocks, and lists the products that can be sold from now on.
 * @param onStocked called after the commit
 */
export function listStocked(onStocked: (done: Stocked) => void): Step<RestockEvent> {
  return {
    queue: 'catalog.list',
    lockedRows: { restocks: 'id', products: 'item_id' },
    async run(tx, events) {
      const restocks = await tx.run(lockRestocks, [events.map((event) => event.data.saga_id)]);
      const { answered, duplicates } = decideListings(restocks, events);
      const stocked = answered.filter(({ state }) => state === 'DONE').map(({ item_id }) => item_id);
      if (answered.length > 0) {
        tx.send(settleRestocks, [asJson(answered.map(({ id, state, reason }) => [id, { state, reason }]))]);
      }
      const listed = stocked.length > 0 ? await tx.run(listProducts, [stocked]) : [];
      const isAnyNew = listed.length > 0;
      return { emit: [], duplicates, afterCommit: () => onStocked({ stocked, isAnyNew }) };
    },

    async findBlocked(tx, events) {
      const keysOf = ({ data }: RestockEvent) => [data.saga_id, data.item_id];
      const [restocks, products] = await Promise.all([
        tx.run(findLockedRestocks, [events.map(({ data }) => data.saga_id)]),
        tx.run(findLockedProducts, [[...new Set(events.map(({ data }) => data.item_id))]]),
      ]);
      const locked = new Map([...namesOf('restocks', restocks), ...namesOf('products', products)]);
      return blockedBy(events, keysOf, locked);
    },
  };
}
