import type { LoadRun } from '../load-run';
import { spreadOf } from '../measure/spread';
import type { Scenario } from '../scenario';

/** What a checkout takes when nobody else is in the shop. */
export const latency: Scenario = {
  name: 'latency',
  description: 'p50 and p99 with one connection',
  onTarget: true,
  async run({ options, say, openDataset }) {
    const dataset = await openDataset();
    const loadRuns: LoadRun[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      const rush = await dataset.rush({ ...options, name: `alone, round ${round}`, connections: 1 });
      say(`round ${round}: p50 ${rush.latencyMs.p50} ms, p99 ${rush.latencyMs.p99} ms`);
      loadRuns.push(rush);
    }
    await dataset.mustBalance();
    await dataset.shop.close();
    const spread = (percentile: 'p50' | 'p99') =>
      spreadOf(loadRuns.map((rush) => rush.latencyMs[percentile]));
    return {
      loadRuns,
      figures: [
        { id: 'p50_alone', name: 'p50, one connection', unit: 'ms', spread: spread('p50') },
        { id: 'p99_alone', name: 'p99, one connection', unit: 'ms', spread: spread('p99') },
      ],
    };
  },
};
