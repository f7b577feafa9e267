import type { LoadRun } from '../load-run';
import { ratios, spreadOf } from '../measure/spread';
import { type Issuer, openIssuer } from '../rig/issuer';
import { readBuyers } from '../rig/prepare';
import type { LocalShop } from '../rig/shop';
import type { Scenario } from '../scenario';
import { SATURATED } from '../settings';
import { costOf } from './history';

/** Each has a token, and many orders: a token is verified once a minute, however many requests it comes with. */
const BUYERS = 1_000;

/**
 * Measures what a checkout costs when the services want tokens, against open access. The sides take turns, and every second
 * round begins with the other one.
 */
export const tokens: Scenario = {
  name: 'tokens',
  description: 'processor time of a checkout with a token, against open access',
  onTarget: false,
  async run({ options, say, openDataset }) {
    const issuer = await openIssuer();
    const buyers = Math.min(BUYERS, options.size);
    const required = { ACCESS: 'required', AUTH_ISSUER: issuer.url };
    const dataset = await openDataset({ buyers });
    const shop = dataset.shop as LocalShop;
    const tokens = await tokensOf(issuer, buyers);
    const staff = await issuer.token('staff', ['operator', 'shopkeeper']);
    const measure = async (withTokens: boolean, round: number): Promise<LoadRun> => {
      await shop.restart(withTokens ? { env: required } : {});
      dataset.access = withTokens
        ? { staff, tokens, readBuyers: () => readBuyers(shop.databases.order) }
        : undefined;
      await dataset.fillOrders();
      await dataset.warmUp({ ...options, quick: true });
      const name = `${withTokens ? 'with tokens' : 'open'}, round ${round}`;
      return dataset.run({ ...options, name, connections: SATURATED, warmUpSeconds: 0 });
    };
    const loadRuns: { open: LoadRun[]; withTokens: LoadRun[] } = { open: [], withTokens: [] };
    for (let round = 1; round <= options.rounds; round++) {
      const inTurn = [
        async () => loadRuns.open.push(await measure(false, round)),
        async () => loadRuns.withTokens.push(await measure(true, round)),
      ];
      for (const measureNext of round % 2 === 1 ? inTurn : inTurn.reverse()) {
        await measureNext();
      }
      const [open, withTokens] = [loadRuns.open, loadRuns.withTokens].map((rounds) =>
        (costOf(rounds.at(-1) as LoadRun) * 1_000).toFixed(3),
      );
      say(
        `round ${round}: ${open} ms of processor time per checkout with open access, ${withTokens} ms with tokens`,
      );
    }
    await dataset.assertBalanced();
    await shop.close();
    issuer.close();
    const costs = { open: loadRuns.open.map(costOf), withTokens: loadRuns.withTokens.map(costOf) };
    return {
      loadRuns: [...loadRuns.open, ...loadRuns.withTokens],
      figures: [
        {
          id: 'cost_with_tokens',
          name: 'processor time of a checkout with a token ÷ with open access',
          unit: '',
          spread: spreadOf(ratios(costs.withTokens, costs.open)),
        },
      ],
    };
  },
};

function tokensOf(issuer: Issuer, buyers: number): Promise<string[]> {
  return Promise.all(Array.from({ length: buyers }, (_, buyer) => issuer.token(String(buyer))));
}
