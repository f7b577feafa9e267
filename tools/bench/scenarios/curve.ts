import type { Rush } from '../dataset';
import type { Scenario } from '../scenario';

const CONNECTIONS = [1, 8, 64, 256, 512, 1024];
const QUICK = [1, 64, 512];

/** Throughput and latency against concurrency: a picture, and no goal. */
export const curve: Scenario = {
  name: 'curve',
  description: `throughput and latency with ${CONNECTIONS.join(', ')} connections`,
  onTarget: true,
  async run({ options, say, openMarket }) {
    const market = await openMarket();
    const rushes: Rush[] = [];
    for (const connections of options.quick ? QUICK : CONNECTIONS) {
      const rush = await market.rush({ ...options, name: `${connections} connections`, connections });
      say(
        `${connections} connections: ${Math.round(rush.perSecond)} checkouts/s, p99 ${rush.latencyMs.p99} ms`,
      );
      rushes.push(rush);
    }
    await market.mustBalance();
    await market.shop.close();
    return { figures: [], rushes };
  },
};
