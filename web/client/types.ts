import type { components, paths } from './schema';

type Json<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { 'application/json': infer Body } } } };
}
  ? Body
  : never;

export type Product = Json<'/catalog/products/{item_id}'>;
export type StockedProduct = Json<'/catalog/inventory'>['products'][number];
/** The client takes the pairs of an order's lines for lists. */
type WithPairs<T> = Omit<T, 'items'> & { items: (string | number)[][] };
export type Order = WithPairs<Json<'/orders/find/{order_id}'>>;
export type ListedOrder = WithPairs<Json<'/orders'>['orders'][number]>;
export type Account = components['schemas']['Account'];

export function linesOf({ items }: Order): { item_id: string; quantity: number }[] {
  return items.map(([item_id, quantity]) => ({ item_id: String(item_id), quantity: Number(quantity) }));
}

export const unitsIn = (order: Order): number =>
  linesOf(order).reduce((sum, { quantity }) => sum + quantity, 0);
