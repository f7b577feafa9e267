import type { Market, Rush } from '../dataset';
import { ratios, spreadOf } from '../measure/spread';
import { writePast } from '../rig/past';
import type { LocalShop } from '../rig/shop';
import type { Scenario, Stage } from '../scenario';
import { SATURATED } from './saturation';

/** For sale on both sides, and all that one of them has. */
const FEW_ORDERS = 10_000;
const OURS = ['order', 'payment', 'stock', 'postgres', 'rabbitmq'];

/**
 * What a checkout costs in a shop with many orders and a day's history, against one with few. The cost is processor time
 * rather than throughput, because it says how much the shop does and not how well the machine hides it.
 */
export const history: Scenario = {
  name: 'history',
  description: 'processor time of a checkout with many orders and a day’s history, against few',
  onTarget: false,
  async run(stage) {
    const { options, say, openMarket } = stage;
    const orders = Math.min(FEW_ORDERS, options.size);
    let [young, old]: Market[] = [];
    const rushes: { young: Rush[]; old: Rush[] } = { young: [], old: [] };
    for (let round = 1; round <= options.rounds; round++) {
      young ??= await openMarket({ orders });
      rushes.young.push(await measure(young, stage, `${orders} orders, round ${round}`));
      old ??= await openOld(orders, stage);
      const name = `${options.historyOrders} orders and their history, round ${round}`;
      rushes.old.push(await measure(old, stage, name));
      const told = [rushes.young, rushes.old].map((all) => (costOf(all.at(-1) as Rush) * 1_000).toFixed(2));
      say(
        `round ${round}: ${told[0]} ms of processor time a checkout without history, ${told[1]} ms with it`,
      );
    }
    say('auditing the books');
    for (const market of [young, old] as Market[]) {
      await market.mustBalance();
      await market.shop.close();
    }
    const costs = { young: rushes.young.map(costOf), old: rushes.old.map(costOf) };
    const perSecond = (all: Rush[]) => all.map((rush) => rush.perSecond);
    const ms = (seconds: number[]) => spreadOf(seconds.map((value) => value * 1_000));
    return {
      rushes: [...rushes.young, ...rushes.old],
      figures: [
        {
          id: 'cost_young',
          name: 'processor time a checkout, 10,000 orders',
          unit: 'ms',
          spread: ms(costs.young),
        },
        { id: 'cost_old', name: 'the same with a day’s history', unit: 'ms', spread: ms(costs.old) },
        {
          id: 'cost_with_history',
          name: `cost with ${options.historyOrders.toLocaleString('en')} orders and a day’s history ÷ without`,
          unit: '',
          spread: spreadOf(ratios(costs.old, costs.young)),
        },
        {
          id: 'throughput_with_history',
          name: 'throughput with history ÷ without',
          unit: '',
          spread: spreadOf(ratios(perSecond(rushes.old), perSecond(rushes.young))),
        },
      ],
    };
  },
};

async function openOld(orders: number, { options, say, openMarket }: Stage): Promise<Market> {
  const market = await openMarket({ orders });
  const shop = market.shop as LocalShop;
  await writePast(shop.databases, { orders: options.historyOrders, size: options.size }, say);
  shop.paidBefore = options.historyOrders;
  return market;
}

/** Only one of the shops runs at a time, because they share a broker. */
async function measure(market: Market, { options }: Stage, name: string): Promise<Rush> {
  const shop = market.shop as LocalShop;
  if (!shop.isRunning) {
    await shop.start();
    // One stretch: both shops are as new, and every checkout makes the young one older.
    await market.warmUp({ ...options, quick: true });
  }
  await market.fillOrders();
  const rush = await market.rush({ ...options, name, connections: SATURATED, warmUpSeconds: 0 });
  await shop.stop();
  return rush;
}

/** Processor seconds of one checkout, everything counted but the load. */
export function costOf({ cpuSeconds, checkouts }: Rush): number {
  return OURS.reduce((sum, group) => sum + (cpuSeconds[group] ?? 0), 0) / checkouts;
}
