import type { RestockEvent, RestockRefusal } from '../../../../shared/contract/events';
import { InvariantViolation } from '../../../../shared/errors';

/** What stock has decided about a restock. Without a reason, its units were added. */
export interface Restock {
  id: string;
  item_id: string;
  quantity: number;
  price: number;
  reason: RestockRefusal | null;
}

/** An item, locked. `reserved` is what undecided sagas have reserved of it. */
export interface StockedItem {
  readonly id: string;
  readonly price: number;
  readonly available: number;
  readonly reserved: number;
}

/** Of one item, reserved ones included: the largest number that JSON carries exactly. */
const MAX_UNITS = Number.MAX_SAFE_INTEGER;

export interface RestockDecisions {
  /** New restocks, refused ones included. */
  decided: Restock[];
  emit: RestockEvent[];
  duplicates: number;
}

/**
 * Decides each restock once.
 *
 *     restock  item                      decision                   emits
 *     unknown  of the same price         the units are added        stock.item_changed
 *              of another price          refused: other_price       stock.item_refused
 *              with too many units then  refused: limit_exceeded    stock.item_refused
 *     known    any                       nothing: a duplicate       the recorded decision again
 *
 * An item that does not exist yet has been made before this, with the price of its first restock.
 *
 * @param known the restocks that were decided before
 */
export function decideRestocks(
  { items, known }: { items: readonly StockedItem[]; known: readonly Restock[] },
  events: readonly RestockEvent[],
): RestockDecisions {
  const byId = new Map(known.map((restock) => [restock.id, restock]));
  const owned = new Map(items.map(({ id, available, reserved }) => [id, available + reserved]));
  const prices = new Map(items.map(({ id, price }) => [id, price]));
  const result: RestockDecisions = { decided: [], emit: [], duplicates: 0 };

  for (const { type, traceparent, data } of events) {
    if (type !== 'catalog.item_stocked') {
      throw new InvariantViolation(`${type} does not put anything into the shop`);
    }
    const { saga_id, item_id, quantity, price } = data;
    let restock = byId.get(saga_id);
    if (restock) {
      result.duplicates++;
      if (restock.item_id !== item_id || restock.quantity !== quantity || restock.price !== price) {
        throw new InvariantViolation(`restock ${saga_id} was decided with other contents`);
      }
    } else {
      const units = (owned.get(item_id) ?? 0) + quantity;
      const reason =
        prices.get(item_id) !== price ? 'other_price' : units > MAX_UNITS ? 'limit_exceeded' : null;
      restock = { id: saga_id, item_id, quantity, price, reason };
      byId.set(saga_id, restock);
      result.decided.push(restock);
      if (reason === null) {
        owned.set(item_id, units);
      }
    }
    result.emit.push(toEvent(restock, traceparent));
  }
  return result;
}

function toEvent(
  { id: saga_id, item_id, quantity, price, reason }: Restock,
  traceparent: string,
): RestockEvent {
  return reason === null
    ? { type: 'stock.item_changed', traceparent, data: { saga_id, item_id, quantity, price } }
    : { type: 'stock.item_refused', traceparent, data: { saga_id, item_id, reason } };
}
