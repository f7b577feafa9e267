import { sumByKey } from '../../../../shared/amounts';
import type { RestockEvent } from '../../../../shared/contract/events';
import { blockedBy, namesOf } from '../../../../shared/inbox/blocked';
import type { Step } from '../../../../shared/inbox/step';
import { asJson, columns } from '../../../../shared/postgres/statement';
import { findLockedItems, readReservedNow, returnItems } from '../statements';
import { decideRestocks } from './decide';
import { lockItemsToRestock, makeItems, readRestocks, recordRestocks } from './statements';

/**
 * Adds the units that a shopkeeper has put into the shop, once for each restock.
 * @param onAdded called after the commit with the items that have more units now
 */
export function restockItems(onAdded: (itemIds: string[]) => void): Step<RestockEvent> {
  return {
    queue: 'stock.restock',
    lockedRows: { items: 'id' },
    async run(tx, events) {
      // The first price of an item counts.
      const prices = new Map(
        events
          .toReversed()
          .flatMap(({ type, data }) =>
            type === 'catalog.item_stocked' ? [[data.item_id, data.price] as const] : [],
          ),
      );
      const itemIds = [...prices.keys()];
      // The statements are sent at once and run one after the other, so the rest is read after the items are locked.
      const [, items, known] = await Promise.all([
        tx.run(makeItems, [itemIds, [...prices.values()]]),
        tx.run(lockItemsToRestock, [itemIds]),
        tx.run(readRestocks, [events.map((event) => event.data.saga_id)]),
      ]);
      const many = manyUnits(items, events);
      const reserved = many.length > 0 ? await tx.run(readReservedNow, [many]) : [];
      const reservedOf = new Map(reserved.map(({ item_id, quantity }) => [item_id, quantity]));
      const locked = items.map((item) => ({ ...item, reserved: reservedOf.get(item.id) ?? 0 }));
      const { decided, emit, duplicates } = decideRestocks({ items: locked, known }, events);
      const added = decided.filter(({ reason }) => reason === null);
      if (decided.length > 0) {
        tx.send(recordRestocks, columns(decided, 'id', 'item_id', 'quantity', 'price', 'reason'));
      }
      const units = sumByKey(added.map(({ item_id, quantity }) => [item_id, quantity]));
      if (units.size > 0) {
        tx.send(returnItems, [asJson(units)]);
      }
      return { emit, duplicates, afterCommit: () => onAdded([...units.keys()]) };
    },

    async findBlocked(tx, events) {
      const itemOf = (event: RestockEvent) => [event.data.item_id];
      const locked = await tx.run(findLockedItems, [[...new Set(events.flatMap(itemOf))]]);
      return blockedBy(events, itemOf, namesOf('items', locked));
    },
  };
}

/** Far below the limit, and more than any shop has. */
const MANY = 2 ** 51;

/** Returns the items of which there might be too many units, so that it matters how many are reserved. */
function manyUnits(
  items: readonly { id: string; available: number }[],
  events: readonly RestockEvent[],
): string[] {
  const asked = sumByKey(
    events.flatMap(({ type, data }) =>
      type === 'catalog.item_stocked' ? [[data.item_id, data.quantity] as const] : [],
    ),
  );
  return items.flatMap(({ id, available }) => (available + (asked.get(id) ?? 0) > MANY ? id : []));
}
