import type { LoadRun } from '../load-run';
import { ratios, spreadOf } from '../measure/spread';
import type { Scenario } from '../scenario';
import { SATURATED } from '../settings';

/**
 * All orders share one item. In a local shop every order keeps its other item, so that both sides have as many lines,
 * and the hot row stays locked while other rows are written. On a target, where only the public API can be reached,
 * every order has the same two items.
 */
export const hotItem: Scenario = {
  name: 'hot-item',
  description: 'checkouts that all buy the same item, against checkouts of any items',
  onTarget: true,
  async run({ options, say, openDataset }) {
    const dataset = await openDataset();
    const uniform: LoadRun[] = [];
    const hot: LoadRun[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      await dataset.fillOrders('any');
      uniform.push(
        await dataset.run({ ...options, name: `any items, round ${round}`, connections: SATURATED }),
      );
      await dataset.fillOrders('hot');
      hot.push(await dataset.run({ ...options, name: `hot item, round ${round}`, connections: SATURATED }));
      const latest = [uniform, hot].map((loadRuns) => Math.round(loadRuns.at(-1)?.perSecond ?? 0));
      say(`round ${round}: ${latest[0]} checkouts/s of any items, ${latest[1]} with the same item`);
    }
    await dataset.assertBalanced();
    await dataset.shop.close();
    const [uniformPerSecond, hotPerSecond] = [uniform, hot].map((loadRuns) =>
      loadRuns.map((run) => run.perSecond),
    ) as [number[], number[]];
    return {
      loadRuns: [...uniform, ...hot],
      figures: [
        { id: 'hot', name: 'one hot item', unit: 'checkouts/s', spread: spreadOf(hotPerSecond) },
        {
          id: 'hot_over_uniform',
          name: 'one hot item ÷ uniform',
          unit: '',
          spread: spreadOf(ratios(hotPerSecond, uniformPerSecond)),
        },
      ],
    };
  },
};
