import { checkoutNames } from '../../../shared/services';
import type { Dataset } from '../dataset';
import type { LoadRun } from '../load-run';
import { ratios, spreadOf } from '../measure/spread';
import { writeOrderHistory } from '../rig/order-history';
import type { LocalShop } from '../rig/shop';
import type { Scenario, ScenarioContext } from '../scenario';
import { SATURATED } from '../settings';

/** Both shops have this many open orders; one of them has nothing else. */
const FEW_ORDERS = 10_000;
const SHOP_GROUPS: string[] = [...checkoutNames, 'postgres', 'rabbitmq'];

/**
 * Measures what a checkout costs in a shop with many orders and a day's history, against one with few. The cost is
 * processor time rather than throughput, because it shows how much work the shop does, even if the machine has idle
 * time that hides it.
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
      old ??= await openWithHistory(orders, context);
      const name = `${options.historyOrders} orders and their history, round ${round}`;
      loadRuns.old.push(await measure(old, context, name));
      const [without, withIt] = [loadRuns.young, loadRuns.old].map((rounds) =>
        (costOf(rounds.at(-1) as LoadRun) * 1_000).toFixed(2),
      );
      say(
        `round ${round}: ${without} ms of processor time per checkout without history, ${withIt} ms with it`,
      );
    }
    say('auditing the books');
    for (const dataset of [young, old] as Dataset[]) {
      await dataset.assertBalanced();
      await dataset.shop.close();
    }
    const costs = { young: loadRuns.young.map(costOf), old: loadRuns.old.map(costOf) };
    const perSecond = (rounds: LoadRun[]) => rounds.map((run) => run.perSecond);
    const ms = (seconds: number[]) => spreadOf(seconds.map((value) => value * 1_000));
    return {
      loadRuns: [...loadRuns.young, ...loadRuns.old],
      figures: [
        {
          id: 'cost_young',
          name: 'processor time per checkout, 10,000 orders',
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

async function openWithHistory(
  orders: number,
  { options, say, openDataset }: ScenarioContext,
): Promise<Dataset> {
  const dataset = await openDataset({ orders });
  const shop = dataset.shop as LocalShop;
  await writeOrderHistory(shop.databases, { orders: options.historyOrders, size: options.size }, say);
  shop.paidBefore = options.historyOrders;
  return dataset;
}

/** Only one of the shops runs at a time, because they share the broker. */
async function measure(dataset: Dataset, { options }: ScenarioContext, name: string): Promise<LoadRun> {
  const shop = dataset.shop as LocalShop;
  if (!shop.isRunning) {
    await shop.start();
    // One stretch: the processes of both shops are equally new, and more checkouts would give the young shop a history.
    await dataset.warmUp({ ...options, quick: true });
  }
  await dataset.fillOrders();
  const loadRun = await dataset.run({ ...options, name, connections: SATURATED, warmUpSeconds: 0 });
  await shop.stop();
  return loadRun;
}

/** Returns processor seconds per checkout, without the load. */
export function costOf({ cpuSeconds, checkouts }: LoadRun): number {
  return SHOP_GROUPS.reduce((sum, group) => sum + (cpuSeconds[group] ?? 0), 0) / checkouts;
}
