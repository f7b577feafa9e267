import type { LoadRun } from '../load-run';
import type { Scenario } from '../scenario';

const CONNECTIONS = [1, 8, 64, 256, 512, 1024];
const QUICK = [1, 64, 512];

/** Measures throughput and latency against concurrency, for a chart. It has no goal. */
export const curve: Scenario = {
  name: 'curve',
  description: `throughput and latency with ${CONNECTIONS.join(', ')} connections`,
  onTarget: true,
  async run({ options, say, openDataset }) {
    const dataset = await openDataset();
    const loadRuns: LoadRun[] = [];
    for (const connections of options.quick ? QUICK : CONNECTIONS) {
      const loadRun = await dataset.run({ ...options, name: `${connections} connections`, connections });
      say(
        `${connections} connections: ${Math.round(loadRun.perSecond)} checkouts/s, p99 ${loadRun.latencyMs.p99} ms`,
      );
      loadRuns.push(loadRun);
    }
    await dataset.assertBalanced();
    await dataset.shop.close();
    return { figures: [], loadRuns };
  },
};
