import { serviceNames } from '../../../shared/services';
import type { Dataset } from '../dataset';
import type { LoadRun } from '../load-run';
import { ratios, spreadOf } from '../measure/spread';
import { writePast } from '../rig/past';
import type { LocalShop } from '../rig/shop';
import type { Scenario, ScenarioContext } from '../scenario';
import { SATURATED } from '../settings';

/** For sale on both sides, and all that one of them has. */
const FEW_ORDERS = 10_000;
const OURS: string[] = [...serviceNames, 'postgres', 'rabbitmq'];

/**
 * What a checkout costs in a shop with many orders and a day's history, against one with few. The cost is processor time
 * rather than throughput, because it says how much the shop does and not how well the machine hides it.
 */
export const history: Scenario = {
  name: 'history',
  description: 'processor time of a checkout with many orders and a day’s history, against few',
  onTarget: false,
  async run(context) {
    const { options, say, openDataset } = context;
    const orders = Math.min(FEW_ORDERS, options.size);
    let [young, old]: Dataset[] = [];
    const loadRuns: { young: LoadRun[]; old: LoadRun[] } = { young: [], old: [] };
    for (let round = 1; round <= options.rounds; round++) {
      young ??= await openDataset({ orders });
      loadRuns.young.push(await measure(young, context, `${orders} orders, round ${round}`));
      old ??= await openOld(orders, context);
      const name = `${options.historyOrders} orders and their history, round ${round}`;
      loadRuns.old.push(await measure(old, context, name));
      const told = [loadRuns.young, loadRuns.old].map((all) =>
        (costOf(all.at(-1) as LoadRun) * 1_000).toFixed(2),
      );
      say(
        `round ${round}: ${told[0]} ms of processor time a checkout without history, ${told[1]} ms with it`,
      );
    }
    say('auditing the books');
    for (const dataset of [young, old] as Dataset[]) {
      await dataset.mustBalance();
      await dataset.shop.close();
    }
    const costs = { young: loadRuns.young.map(costOf), old: loadRuns.old.map(costOf) };
    const perSecond = (all: LoadRun[]) => all.map((rush) => rush.perSecond);
    const ms = (seconds: number[]) => spreadOf(seconds.map((value) => value * 1_000));
    return {
      loadRuns: [...loadRuns.young, ...loadRuns.old],
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
          spread: spreadOf(ratios(perSecond(loadRuns.old), perSecond(loadRuns.young))),
        },
      ],
    };
  },
};

async function openOld(orders: number, { options, say, openDataset }: ScenarioContext): Promise<Dataset> {
  const dataset = await openDataset({ orders });
  const shop = dataset.shop as LocalShop;
  await writePast(shop.databases, { orders: options.historyOrders, size: options.size }, say);
  shop.paidBefore = options.historyOrders;
  return dataset;
}

/** Only one of the shops runs at a time, because they share a broker. */
async function measure(dataset: Dataset, { options }: ScenarioContext, name: string): Promise<LoadRun> {
  const shop = dataset.shop as LocalShop;
  if (!shop.isRunning) {
    await shop.start();
    // One stretch: both shops are as new, and every checkout makes the young one older.
    await dataset.warmUp({ ...options, quick: true });
  }
  await dataset.fillOrders();
  const rush = await dataset.rush({ ...options, name, connections: SATURATED, warmUpSeconds: 0 });
  await shop.stop();
  return rush;
}

/** Processor seconds of one checkout, everything counted but the load. */
export function costOf({ cpuSeconds, checkouts }: LoadRun): number {
  return OURS.reduce((sum, group) => sum + (cpuSeconds[group] ?? 0), 0) / checkouts;
}
