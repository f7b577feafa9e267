import { bold, check, number, table, withProgress } from './print';
import type { DemoShop, Good, Order } from './shop';

const BUYER_COUNT = 200;
/** Enough for one item but not for two, so some buyers cannot pay although a unit is reserved for them. */
const CREDIT = 30;

/**
 * Buyers want far more than there is, all at the same moment. Each of the two goods has 100 buyers but fewer units, so
 * every unit must be sold, in whatever order things happen.
 * @returns what did not go as expected
 */
export async function rush(shop: DemoShop): Promise<string[]> {
  const bottle = await shop.addGood('ship in a bottle', 25, 60);
  const bell = await shop.addGood('brass bell', 20, 90);
  console.log(`\n${bold('Rush hour')}`);
  console.log(`  ${BUYER_COUNT} buyers check out 2 orders each, all at once, but have credit for only one.`);
  console.log(
    `  Half of them want a ship in a bottle (there are 60), the others a brass bell (there are 90).\n`,
  );
  const buyers = await withProgress(
    'Buyers arrive',
    Array.from({ length: BUYER_COUNT }, (_, i) => shop.addBuyer(`Buyer ${i + 1}`, CREDIT)),
  );
  const orders = await withProgress(
    'They fill their baskets',
    buyers.flatMap((buyer, i) => {
      const wanted = i % 2 === 0 ? bottle : bell;
      return [shop.placeOrder(buyer, [[wanted, 1]]), shop.placeOrder(buyer, [[wanted, 1]])];
    }),
  );

  const start = performance.now();
  await withProgress(
    'They check out',
    orders.map((order) => shop.checkOut(order)),
  );
  report(orders, (performance.now() - start) / 1_000);
  return checkSoldOut(shop, [bottle, bell]);
}

function report(orders: readonly Order[], seconds: number): void {
  const outcomes = orders.flatMap(({ outcome }) => outcome ?? []);
  const counts = new Map<string, number>();
  for (const { status, reason } of outcomes) {
    const name = status === 200 ? 'paid' : `refused: ${reason ?? status}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const waits = outcomes.map((outcome) => outcome.ms).sort((a, b) => a - b);
  const percentile = (share: number) => `${number(waits[Math.ceil(share * waits.length) - 1] ?? 0)} ms`;
  const rows = [
    ...[...counts].sort().map(([name, count]) => [name, number(count)]),
    ['checkouts/s', number(outcomes.length / seconds)],
    ['answered within (p50)', percentile(0.5)],
    ['answered within (p99)', percentile(0.99)],
  ];
  console.log(`\n${table(rows)}\n`);
}

async function checkSoldOut(shop: DemoShop, goods: readonly Good[]): Promise<string[]> {
  const left = await Promise.all(goods.map((good) => shop.stockOf(good)));
  return check(
    'All 150 are sold: no unit stayed reserved for a buyer who could not pay',
    goods.flatMap(({ name }, i) =>
      left[i] === 0 ? [] : `${name}: ${left[i]} left, although enough buyers wanted one.`,
    ),
  );
}
