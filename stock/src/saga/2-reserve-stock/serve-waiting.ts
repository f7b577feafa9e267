import { sumByKey } from '../../../../shared/amounts';
import type { SagaEvent } from '../../../../shared/contract/events';
import { asJson } from '../../../../shared/postgres/statement';
import type { Tx } from '../../../../shared/postgres/tx';
import { linesOf, unitsOf } from '../reservation';
import { settleReservations, statesOf } from '../statements';
import { decideWaiting } from './decide';
import {
  lockItems,
  lockWaiting,
  readHeld,
  readItemsWaitedForLong,
  readItemsWaitedForTogether,
  takeItems,
} from './statements';

/**
 * Serves those who wait for items of which something was just sold for good, given back or added.
 *
 * @returns the events that follow, and the items that must be looked at once more
 */
export async function serveWaiting(
  tx: Tx,
  itemIds: readonly string[],
): Promise<{ emit: SagaEvent[]; unsettled: string[] }> {
  const together = (await tx.run(readItemsWaitedForTogether, [itemIds])).map((row) => row.item_id);
  if (together.length === 0) {
    return { emit: [], unsettled: [] };
  }
  // Sent together, answered one after the other: who waits, and what is held, is read when the items are locked.
  const [items, waiting, held] = await Promise.all([
    tx.run(lockItems, [together]),
    tx.run(lockWaiting, [together]),
    tx.run(readHeld, [together]),
  ]);
  const { decided, emit, unsettled } = decideWaiting(items, held, waiting);
  if (decided.length > 0) {
    tx.send(settleReservations, [statesOf(decided)]);
    // All of it is there: the items are locked, and the decision went by them.
    const reserved = decided.filter((reservation) => reservation.state === 'RESERVED').flatMap(linesOf);
    if (reserved.length > 0) {
      tx.send(takeItems, [asJson(sumByKey(unitsOf(reserved)))]);
    }
  }
  return { emit, unsettled };
}

/** Items that somebody has waited for so long that whoever should have looked may have stopped in between. */
export async function itemsWaitedForLong(tx: Tx): Promise<string[]> {
  return (await tx.run(readItemsWaitedForLong)).map((row) => row.item_id);
}
