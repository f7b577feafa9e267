import type { LoadRun } from '../load-run';
import { ratios, spreadOf } from '../measure/spread';
import type { LocalShop } from '../rig/shop';
import type { Scenario } from '../scenario';
import { SATURATED } from '../settings';

const MANY = 3;

/**
 * Measures three replicas of each service against one, on the same cores: more replicas cannot add capacity, so the
 * loss is their overhead. Connections go to the replicas of order in turn. Each switch means new processes and another
 * warm-up, so every second round begins with three replicas, which saves a switch.
 */
export const replicas: Scenario = {
  name: 'replicas',
  description: 'three replicas of each service on the same cores, against one',
  onTarget: false,
  async run({ options, say, openDataset }) {
    const dataset = await openDataset();
    const shop = dataset.shop as LocalShop;
    const measure = async (count: number, round: number): Promise<LoadRun> => {
      if (shop.urls.order.length !== count) {
        await shop.restart({ replicas: count });
        await dataset.warmUp(options);
      }
      const name = `${count} of each, round ${round}`;
      return dataset.run({ ...options, name, connections: SATURATED });
    };
    const single: LoadRun[] = [];
    const many: LoadRun[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      const inTurn = [
        async () => single.push(await measure(1, round)),
        async () => many.push(await measure(MANY, round)),
      ];
      for (const measureNext of round % 2 === 1 ? inTurn : inTurn.reverse()) {
        await measureNext();
      }
      const latest = [single, many].map((loadRuns) => Math.round(loadRuns.at(-1)?.perSecond ?? 0));
      say(`round ${round}: ${latest[0]} checkouts/s with one of each, ${latest[1]} with ${MANY}`);
    }
    await dataset.assertBalanced();
    await dataset.shop.close();
    const perSecond = (loadRuns: LoadRun[]) => loadRuns.map((run) => run.perSecond);
    return {
      loadRuns: [...single, ...many],
      figures: [
        {
          id: 'three_replicas_over_one',
          name: 'three replicas of each ÷ one',
          unit: '',
          spread: spreadOf(ratios(perSecond(many), perSecond(single))),
        },
      ],
    };
  },
};
