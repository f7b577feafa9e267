import { PLENTY, type Rush } from '../dataset';
import { ratios, spreadOf } from '../measure/spread';
import type { Scenario } from '../scenario';
import { SATURATED } from './saturation';

const kinds = {
  paid: { goods: {}, answer: '200' },
  'out of stock': { goods: { stock: 0 }, answer: '409 out_of_stock' },
  'no credit': { goods: { credit: 0 }, answer: '409 insufficient_credit' },
};
type Kind = keyof typeof kinds;

/** Checkouts that fail: at once where there is no stock, and after a compensation where there is no credit. */
export const rejected: Scenario = {
  name: 'rejected',
  description: 'checkouts that fail for want of stock or credit, against those that succeed',
  onTarget: true,
  async run({ options, say, openMarket }) {
    const market = await openMarket();
    const rushes: Record<Kind, Rush[]> = { paid: [], 'out of stock': [], 'no credit': [] };
    for (let round = 1; round <= options.rounds; round++) {
      for (const kind of Object.keys(kinds) as Kind[]) {
        const { goods, answer } = kinds[kind];
        await market.fill({ stock: PLENTY, credit: PLENTY, ...goods });
        const name = `${kind}, round ${round}`;
        rushes[kind].push(await market.rush({ ...options, name, connections: SATURATED, answer }));
      }
      const told = Object.entries(rushes).map(
        ([kind, all]) => `${Math.round(all.at(-1)?.perSecond ?? 0)} ${kind}`,
      );
      say(`round ${round}: ${told.join(', ')} a second`);
    }
    await market.mustBalance();
    await market.shop.close();
    const over = (kind: Kind) =>
      spreadOf(
        ratios(
          rushes[kind].map((rush) => rush.perSecond),
          rushes.paid.map((rush) => rush.perSecond),
        ),
      );
    return {
      rushes: Object.values(rushes).flat(),
      figures: [
        {
          id: 'out_of_stock_over_paid',
          name: 'rejected, out of stock ÷ paid',
          unit: '',
          spread: over('out of stock'),
        },
        {
          id: 'no_credit_over_paid',
          name: 'rejected, no credit ÷ paid',
          unit: '',
          spread: over('no credit'),
        },
      ],
    };
  },
};
