import { sumByKey } from '../../../../shared/amounts';
import type { SagaEvent } from '../../../../shared/contract/events';
import { asJson } from '../../../../shared/postgres/statement';
import type { Tx } from '../../../../shared/postgres/tx';
import { linesOf, type Reservation, unitsOf } from '../reservation';
import { readReservedNow, settleReservations, statesOf } from '../statements';
import { decideWaiting } from './decide';
import {
  lockFreeItems,
  lockFreeWaiting,
  lockItems,
  lockWaiting,
  readItemsWaitedForLong,
  readItemsWaitedForTogether,
  readReserved,
  takeItems,
} from './statements';

/**
 * Serves the sagas that wait for items whose units were just sold, released, added or taken away.
 *
 * @param isCautious whether another session may hold locks: then this waits for none, and leaves what is locked to the
 *   sweep
 * @returns the events that follow, the items of which units were reserved, and the items to serve again
 */
export async function serveWaiting(
  tx: Tx,
  itemIds: readonly string[],
  isCautious = false,
): Promise<{ emit: SagaEvent[]; reserved: string[]; unsettled: string[] }> {
  const together = (await tx.run(readItemsWaitedForTogether, [itemIds])).map((row) => row.item_id);
  if (together.length === 0) {
    return { emit: [], reserved: [], unsettled: [] };
  }
  // The statements are sent at once and run one after the other, so the waiting sagas and the reserved units are read
  // after the items are locked.
  const [items, waiting, reservedBefore] = await Promise.all([
    tx.run(isCautious ? lockFreeItems : lockItems, [together]),
    tx.run<Reservation & { isLocked?: boolean }>(isCautious ? lockFreeWaiting : lockWaiting, [together]),
    tx.run(isCautious ? readReservedNow : readReserved, [together]),
  ]);
  const { decided, emit, unsettled } = decideWaiting(items, reservedBefore, waiting);
  const granted = decided.filter((reservation) => reservation.state === 'RESERVED').flatMap(linesOf);
  if (decided.length > 0) {
    tx.send(settleReservations, [statesOf(decided)]);
    // All of these units are available, because the items were locked before the decision: no surplus is left over.
    if (granted.length > 0) {
      tx.send(takeItems, [asJson(sumByKey(unitsOf(granted)))]);
    }
  }
  return { emit, reserved: granted.map((line) => line.item_id), unsettled };
}

/** Returns items that sagas have waited for too long: the replica that should have served them may have stopped. */
export async function itemsWaitedForLong(tx: Tx): Promise<string[]> {
  return (await tx.run(readItemsWaitedForLong)).map((row) => row.item_id);
}
