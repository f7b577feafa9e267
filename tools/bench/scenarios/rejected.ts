import { PLENTY } from '../dataset';
import type { LoadRun } from '../load-run';
import { ratios, spreadOf } from '../measure/spread';
import type { Scenario } from '../scenario';
import { SATURATED } from '../settings';

const kinds = {
  paid: { goods: {}, answer: '200' },
  'out of stock': { goods: { stock: 0 }, answer: '409 out_of_stock' },
  'no credit': { goods: { credit: 0 }, answer: '409 insufficient_credit' },
};
type Kind = keyof typeof kinds;

/** Measures checkouts that fail: at once without stock, after a compensation without credit. */
export const rejected: Scenario = {
  name: 'rejected',
  description: 'checkouts that fail for lack of stock or credit, against those that succeed',
  onTarget: true,
  async run({ options, say, openDataset }) {
    const dataset = await openDataset();
    const loadRuns: Record<Kind, LoadRun[]> = { paid: [], 'out of stock': [], 'no credit': [] };
    for (let round = 1; round <= options.rounds; round++) {
      for (const kind of Object.keys(kinds) as Kind[]) {
        const { goods, answer } = kinds[kind];
        await dataset.fill({ stock: PLENTY, credit: PLENTY, ...goods });
        const name = `${kind}, round ${round}`;
        loadRuns[kind].push(await dataset.run({ ...options, name, connections: SATURATED, answer }));
      }
      const rates = Object.entries(loadRuns).map(
        ([kind, rounds]) => `${kind} ${Math.round(rounds.at(-1)?.perSecond ?? 0)}`,
      );
      say(`round ${round}, checkouts/s: ${rates.join(', ')}`);
    }
    await dataset.assertBalanced();
    await dataset.shop.close();
    const over = (kind: Kind) =>
      spreadOf(
        ratios(
          loadRuns[kind].map((run) => run.perSecond),
          loadRuns.paid.map((run) => run.perSecond),
        ),
      );
    return {
      loadRuns: Object.values(loadRuns).flat(),
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
