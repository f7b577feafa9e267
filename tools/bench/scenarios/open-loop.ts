import type { Dataset } from '../dataset';
import type { LoadRun } from '../load-run';
import { spreadOf } from '../measure/spread';
import type { Saturation, Scenario, ScenarioContext } from '../scenario';
import { bestConnections } from './saturation';

/**
 * Checkouts begin at fixed times, like those of buyers who know nothing of each other. Latency counts from when a
 * checkout was due, so that a stall shows in every checkout that was due during it (this avoids coordinated omission).
 *
 * The load has as many connections as at saturation: with fewer, checkouts would wait for a connection and not for the
 * shop.
 *
 * At saturation, the rate is what a closed loop reached before. If the shop is a little slower now, it falls behind for
 * the whole measurement, so this latency depends as much on the machine's speed at that time as on the shop.
 */
export const openLoop: Scenario = {
  name: 'open-loop',
  description: 'p50 and p99 at half of saturation and at saturation, with a fixed arrival rate',
  onTarget: true,
  async run(context) {
    const { options, say } = context;
    const dataset = await context.openDataset();
    const saturation = await saturationOf(dataset, context);
    const atRate = async (share: number, name: string): Promise<LoadRun[]> => {
      const loadRuns: LoadRun[] = [];
      for (let round = 1; round <= options.rounds; round++) {
        const perSecond = saturation.perSecond * share;
        const loadRun = await dataset.run({
          ...options,
          name: `${name}, round ${round}`,
          connections: saturation.connections,
          perSecond,
        });
        const { p50, p99 } = loadRun.latencyMs;
        say(`${name}, ${Math.round(perSecond)} checkouts/s, round ${round}: p50 ${p50} ms, p99 ${p99} ms`);
        loadRuns.push(loadRun);
      }
      return loadRuns;
    };
    const half = await atRate(0.5, 'half of saturation');
    const full = await atRate(1, 'saturation');
    await dataset.assertBalanced();
    await dataset.shop.close();
    const spread = (loadRuns: LoadRun[], percentile: 'p50' | 'p99') =>
      spreadOf(loadRuns.map((run) => run.latencyMs[percentile]));
    return {
      loadRuns: [...half, ...full],
      details: { saturation },
      figures: [
        {
          id: 'p50_half',
          name: 'p50 at half of saturation, open loop',
          unit: 'ms',
          spread: spread(half, 'p50'),
        },
        {
          id: 'p99_half',
          name: 'p99 at half of saturation, open loop',
          unit: 'ms',
          spread: spread(half, 'p99'),
        },
        { id: 'p99_full', name: 'p99 at saturation, open loop', unit: 'ms', spread: spread(full, 'p99') },
      ],
    };
  },
};

/** Returns what an earlier scenario has measured, or measures it briefly. */
async function saturationOf(dataset: Dataset, context: ScenarioContext): Promise<Saturation> {
  if (context.known.saturation !== undefined) {
    return context.known.saturation;
  }
  const { best, perSecond } = await bestConnections(dataset, context);
  return { connections: best, perSecond: perSecond[best] as number };
}
