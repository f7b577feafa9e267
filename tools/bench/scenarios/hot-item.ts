import type { Rush } from '../dataset';
import { ratios, spreadOf } from '../measure/spread';
import type { Scenario } from '../scenario';
import { SATURATED } from './saturation';

/**
 * Everybody buys the same item. In a shop of our own every order keeps its other item, so that both sides have as many
 * lines and the hot row is locked for as long as rows elsewhere are written. In somebody else's, of which only the public
 * API is known, every order has the same two items.
 */
export const hotItem: Scenario = {
  name: 'hot-item',
  description: 'checkouts that all buy one item, against checkouts of any items',
  onTarget: true,
  async run({ options, say, openMarket }) {
    const market = await openMarket();
    const uniform: Rush[] = [];
    const hot: Rush[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      await market.fillOrders('any');
      uniform.push(
        await market.rush({ ...options, name: `any items, round ${round}`, connections: SATURATED }),
      );
      await market.fillOrders('hot');
      hot.push(await market.rush({ ...options, name: `hot item, round ${round}`, connections: SATURATED }));
      const [any, one] = [uniform, hot].map((rushes) => Math.round(rushes.at(-1)?.perSecond ?? 0));
      say(`round ${round}: ${any} checkouts/s of any items, ${one} of one`);
    }
    await market.mustBalance();
    await market.shop.close();
    const [any, one] = [uniform, hot].map((rushes) => rushes.map((rush) => rush.perSecond)) as [
      number[],
      number[],
    ];
    return {
      rushes: [...uniform, ...hot],
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
