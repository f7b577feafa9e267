import { isSoldBefore } from './answers';
import type { Ledger } from './ledger';
import type { OrderTruth } from './truth';

/** A checkout takes credit and units: once for an order, however often it was requested. */
export function addSale(ledger: Ledger, id: string, order: OrderTruth | undefined): void {
  const checkouts = ledger.checkouts.get(id) ?? [];
  if (order === undefined || ledger.forgotten.has(id)) {
    // Its lines were deleted, so it is unknown what it had reserved and, if order forgot it, what it cost.
    const user = ledger.forgotten.has(id) ? ledger.owners.get(id) : undefined;
    makeUnclear(ledger, ledger.itemsOf(id), user);
    return;
  }
  if (checkouts.some(isSoldBefore)) {
    // What was charged and sold is not what it contains.
    const items = order.items.map(([item]) => item);
    makeUnclear(ledger, [...ledger.itemsOf(id), ...items], order.user_id);
    return;
  }
  const charge = { group: `checkout ${id}`, mayBeLost: ledger.losses.includesEffect('payment', checkouts) };
  const sale = { group: charge.group, mayBeLost: ledger.losses.includesEffect('stock', checkouts) };
  for (const checkout of checkouts) {
    ledger.change(`credit:${order.user_id}`, -order.total_cost, checkout, charge);
    for (const [item, quantity] of order.items) {
      ledger.change(`stock:${item}`, -quantity, checkout, { ...sale, isTemporary: true });
    }
  }
}

function makeUnclear(ledger: Ledger, items: readonly string[], user: string | undefined): void {
  for (const item of items) {
    ledger.unclear.add(`stock:${item}`);
  }
  if (user !== undefined) {
    ledger.unclear.add(`credit:${user}`);
  }
}

export function addLineReads(ledger: Ledger): void {
  for (const [id, reads] of ledger.orderReads) {
    for (const read of reads.filter(({ status }) => status === 200)) {
      const lines = new Map(read.body?.items as [string, number][]);
      for (const item of ledger.itemsOf(id)) {
        ledger.read(`line:${id}/${item}`, lines.get(item) ?? 0, read);
      }
    }
  }
}
