import type { LoadRun } from '../load-run';
import { spreadOf } from '../measure/spread';
import type { Scenario } from '../scenario';

/** Measures how long a checkout takes when there is no other one. */
export const latency: Scenario = {
  name: 'latency',
  description: 'p50 and p99 with one connection',
  onTarget: true,
  async run({ options, say, openDataset }) {
    const dataset = await openDataset();
    const loadRuns: LoadRun[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      const loadRun = await dataset.run({ ...options, name: `alone, round ${round}`, connections: 1 });
      say(`round ${round}: p50 ${loadRun.latencyMs.p50} ms, p99 ${loadRun.latencyMs.p99} ms`);
      loadRuns.push(loadRun);
    }
    await dataset.assertBalanced();
    await dataset.shop.close();
    const spread = (percentile: 'p50' | 'p99') => spreadOf(loadRuns.map((run) => run.latencyMs[percentile]));
    return {
      loadRuns,
      figures: [
        { id: 'p50_alone', name: 'p50, one connection', unit: 'ms', spread: spread('p50') },
        { id: 'p99_alone', name: 'p99, one connection', unit: 'ms', spread: spread('p99') },
      ],
    };
  },
};
