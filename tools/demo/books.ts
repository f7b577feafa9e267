import { bold, check, mark, number, table, withProgress } from './print';
import type { DemoShop, FoundOrder } from './shop';

interface Entry {
  readonly name: string;
  readonly putIn: number;
  readonly left: number;
  readonly sold: number;
}

/**
 * Reads everything back through the public API. What was put in must equal what is left plus what was sold, and the
 * answers to buyers must be true.
 * @returns what does not add up
 */
export async function checkBooks(shop: DemoShop): Promise<string[]> {
  console.log(`\n${bold('The books, read back from the services')}`);
  const orders = await withProgress(
    'Orders',
    shop.orders.map(async (order) => ({ order, found: await shop.find(order) })),
  );
  const paid = orders.map(({ found }) => found).filter((found) => found.paid);
  const entries = [await creditEntry(shop, paid), ...(await stockEntries(shop, paid))];
  const rows = entries.map((entry) => [
    entry.name,
    ...[entry.putIn, entry.left, entry.sold].map(number),
    mark(isBalanced(entry)),
  ]);
  console.log(`\n${table([['', 'put in', 'left', 'sold', ' '], ...rows])}\n`);

  const mismatches = orders.filter(({ order, found }) => (order.outcome?.status === 200) !== found.paid);
  return [
    ...check(
      'Credit and every item: what was put in equals what is left plus what was sold',
      entries
        .filter((entry) => !isBalanced(entry))
        .map(({ name, putIn, left, sold }) => `${name}: put in ${putIn}, but ${left} left and ${sold} sold.`),
    ),
    ...check(
      'Every order whose checkout was answered 200 is paid, and no other order is',
      mismatches.map(
        ({ order, found }) =>
          `Order ${order.id}: answered ${order.outcome?.status}, but paid is ${found.paid}.`,
      ),
    ),
  ];
}

async function creditEntry(shop: DemoShop, paid: readonly FoundOrder[]): Promise<Entry> {
  const credits = await withProgress(
    'Buyers',
    shop.buyers.map((buyer) => shop.creditOf(buyer)),
  );
  const putIn = sum(shop.buyers.map((buyer) => buyer.given));
  return { name: 'credit', putIn, left: sum(credits), sold: sum(paid.map((order) => order.total_cost)) };
}

function stockEntries(shop: DemoShop, paid: readonly FoundOrder[]): Promise<Entry[]> {
  const lines = paid.flatMap((order) => order.items);
  return Promise.all(
    shop.goods.map(async (good) => ({
      name: good.name,
      putIn: good.putIn,
      left: await shop.stockOf(good),
      sold: sum(lines.filter(([id]) => id === good.id).map(([, quantity]) => quantity)),
    })),
  );
}

function isBalanced({ putIn, left, sold }: Entry): boolean {
  return putIn === left + sold;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, next) => total + next, 0);
}
