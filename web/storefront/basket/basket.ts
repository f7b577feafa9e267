import { keep, readKept, whenKeptElsewhere } from '../../client/kept';
import { createStore } from '../../client/store';
import type { Product } from '../../client/types';

/** What somebody wants to buy, as it was when they put it there. Prices never change. */
export interface Line extends Pick<Product, 'item_id' | 'name' | 'picture' | 'price'> {
  readonly quantity: number;
}

const KEPT_AS = 'basket';
/** The shop takes more. Whoever wants more of one product is asked to make several orders. */
export const MAX_QUANTITY = 999;
const MAX_LINES = 100;

const read = () => readKept<Line[]>(KEPT_AS) ?? [];

export const basket = createStore<readonly Line[]>(read());
whenKeptElsewhere(KEPT_AS, () => basket.set(read()));

function change(lines: readonly Line[]): void {
  keep(KEPT_AS, lines);
  basket.set(lines);
}

const limited = (quantity: number) => Math.min(Math.max(Math.trunc(quantity), 1), MAX_QUANTITY);

/** Returns whether there was room for it. */
export function putIntoBasket({ item_id, name, picture, price }: Product, quantity: number): boolean {
  const lines = basket.get();
  const known = lines.find((line) => line.item_id === item_id);
  if (known === undefined && lines.length >= MAX_LINES) {
    return false;
  }
  change(
    known === undefined
      ? [...lines, { item_id, name, picture, price, quantity: limited(quantity) }]
      : withQuantity(lines, item_id, known.quantity + quantity),
  );
  return true;
}

export function setQuantity(itemId: string, quantity: number): void {
  change(withQuantity(basket.get(), itemId, quantity));
}

function withQuantity(lines: readonly Line[], itemId: string, quantity: number): readonly Line[] {
  return lines.map((line) => (line.item_id === itemId ? { ...line, quantity: limited(quantity) } : line));
}

export function takeOut(itemId: string): void {
  change(basket.get().filter((line) => line.item_id !== itemId));
}

/** Takes out what was bought. What was put in meanwhile stays. */
export function takeOutBought(bought: readonly Line[]): void {
  const amounts = new Map(bought.map(({ item_id, quantity }) => [item_id, quantity]));
  change(
    basket
      .get()
      .map((line) => ({ ...line, quantity: line.quantity - (amounts.get(line.item_id) ?? 0) }))
      .filter(({ quantity }) => quantity > 0),
  );
}

export const totalOf = (lines: readonly Line[]): number =>
  lines.reduce((sum, { price, quantity }) => sum + price * quantity, 0);

export const unitsOf = (lines: readonly Line[]): number =>
  lines.reduce((sum, { quantity }) => sum + quantity, 0);
