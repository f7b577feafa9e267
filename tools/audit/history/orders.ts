import type { Ledger } from './ledger';
import type { OrderTruth } from './truth';

/** A checkout takes credit and units: once for an order, however often it was requested. */
export function addSale(ledger: Ledger, id: string, order: OrderTruth | undefined): void {
  const checkouts = ledger.checkouts.get(id) ?? [];
  if (order === undefined || ledger.forgotten.has(id)) {
    // Its lines were deleted, so it is unknown what it had reserved and, if order forgot it, what it cost.
    for (const item of ledger.itemsOf(id)) {
      ledger.unclear.add(`stock:${item}`);
    }
    if (ledger.forgotten.has(id)) {
      ledger.unclear.add(`credit:${ledger.owners.get(id)}`);
    }
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
