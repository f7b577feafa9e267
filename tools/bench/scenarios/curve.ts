import type { LoadRun } from '../load-run';
import type { Scenario } from '../scenario';

const CONNECTIONS = [1, 8, 64, 256, 512, 1024];
const QUICK = [1, 64, 512];

/** Throughput and latency against concurrency: a picture, and no goal. */
export const curve: Scenario = {
  name: 'curve',
  description: `throughput and latency with ${CONNECTIONS.join(', ')} connections`,
  onTarget: true,
  async run({ options, say, openDataset }) {
    const dataset = await openDataset();
    const loadRuns: LoadRun[] = [];
    for (const connections of options.quick ? QUICK : CONNECTIONS) {
      const rush = await dataset.rush({ ...options, name: `${connections} connections`, connections });
      say(
        `${connections} connections: ${Math.round(rush.perSecond)} checkouts/s, p99 ${rush.latencyMs.p99} ms`,
      );
      loadRuns.push(rush);
    }
    await dataset.mustBalance();
    await dataset.shop.close();
    return { figures: [], loadRuns };
  },
};
