import type { LoadRun } from '../load-run';
import { ratios, spreadOf } from '../measure/spread';
import type { Scenario } from '../scenario';
import { SATURATED } from '../settings';

/**
 * Everybody buys the same item. In a shop of our own every order keeps its other item, so that both sides have as many
 * lines and the hot row is locked for as long as rows elsewhere are written. In somebody else's, of which only the public
 * API is known, every order has the same two items.
 */
export const hotItem: Scenario = {
  name: 'hot-item',
  description: 'checkouts that all buy one item, against checkouts of any items',
  onTarget: true,
  async run({ options, say, openDataset }) {
    const dataset = await openDataset();
    const uniform: LoadRun[] = [];
    const hot: LoadRun[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      await dataset.fillOrders('any');
      uniform.push(
        await dataset.rush({ ...options, name: `any items, round ${round}`, connections: SATURATED }),
      );
      await dataset.fillOrders('hot');
      hot.push(await dataset.rush({ ...options, name: `hot item, round ${round}`, connections: SATURATED }));
      const [any, one] = [uniform, hot].map((loadRuns) => Math.round(loadRuns.at(-1)?.perSecond ?? 0));
      say(`round ${round}: ${any} checkouts/s of any items, ${one} of one`);
    }
    await dataset.mustBalance();
    await dataset.shop.close();
    const [any, one] = [uniform, hot].map((loadRuns) => loadRuns.map((rush) => rush.perSecond)) as [
      number[],
      number[],
    ];
    return {
      loadRuns: [...uniform, ...hot],
      figures: [
        { id: 'hot', name: 'one hot item', unit: 'checkouts/s', spread: spreadOf(one) },
        {
          id: 'hot_over_uniform',
          name: 'one hot item ÷ uniform',
          unit: '',
          spread: spreadOf(ratios(one, any)),
        },
      ],
    };
  },
};
