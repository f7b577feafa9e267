import { serviceNames } from '../../../shared/services';
import type { LoadRun } from '../load-run';
import { readMemory } from '../measure/cpu';
import { spreadOf } from '../measure/spread';
import type { LocalShop } from '../rig/shop';
import type { Scenario } from '../scenario';
import { SATURATED } from '../settings';

const SAMPLE_EVERY_MS = 1_000;
/** Before, a heap may still be finding its size in the second half. */
const SETTLED_AFTER_S = 300;

interface Sample {
  seconds: number;
  /** MiB, by service. */
  [service: string]: number;
}

/**
 * Resident memory with SATURATED connections. The orders are filled anew whenever they run out, which the load waits for.
 * Growth is the slope of a straight line through the second half: in the first the heap finds its size.
 */
export const memory: Scenario = {
  name: 'memory',
  description: `resident memory of each service, ten minutes with ${SATURATED} connections`,
  onTarget: false,
  async run({ options, say, openDataset }) {
    const dataset = await openDataset();
    const shop = dataset.shop as LocalShop;
    const began = performance.now();
    const elapsed = () => (performance.now() - began) / 1_000;
    const samples: Sample[] = [];
    const sample = () =>
      samples.push({
        seconds: elapsed(),
        ...Object.fromEntries(
          serviceNames.map((name) => [name, Math.max(...shop.pids(name).map(readMemory))]),
        ),
      });
    const sampling = setInterval(sample, Math.min(SAMPLE_EVERY_MS, options.memorySeconds * 100));
    const loadRuns: LoadRun[] = [];
    try {
      while (elapsed() < options.memorySeconds) {
        const seconds = Math.max(0.2, Math.min(30, options.memorySeconds - elapsed()));
        loadRuns.push(
          await dataset.rush({
            name: `from ${Math.round(elapsed())} s on`,
            connections: SATURATED,
            warmUpSeconds: 0,
            seconds,
          }),
        );
        say(`${Math.round(elapsed())} of ${options.memorySeconds} s: ${told(samples.at(-1))}`);
      }
    } finally {
      clearInterval(sampling);
    }
    sample();
    await dataset.mustBalance();
    await dataset.shop.close();
    const most = serviceNames.map((name) => Math.max(...samples.map((one) => one[name] ?? 0)));
    const growth = serviceNames.map((name) => slope(samples.slice(samples.length / 2), name) * 60);
    const worst = (values: number[]) => spreadOf([Math.max(...values)]);
    return {
      loadRuns,
      details: { samples },
      figures: [
        { id: 'memory', name: 'resident memory, the largest service', unit: 'MiB', spread: worst(most) },
        {
          id: 'memory_growth',
          name: 'growth of memory in the second half',
          unit: 'MiB a minute',
          spread: worst(growth),
          ...(options.memorySeconds < SETTLED_AFTER_S && { unjudged: true as const }),
        },
      ],
    };
  },
};

function told(sample: Sample | undefined): string {
  return serviceNames.map((name) => `${name} ${Math.round(sample?.[name] ?? 0)} MiB`).join(', ');
}

/** Of a straight line through the samples, by least squares: MiB a second. */
function slope(samples: readonly Sample[], name: string): number {
  const mean = (of: (sample: Sample) => number) =>
    samples.reduce((sum, one) => sum + of(one), 0) / samples.length;
  const [x, y] = [mean((one) => one.seconds), mean((one) => one[name] ?? 0)];
  const above = samples.reduce((sum, one) => sum + (one.seconds - x) * ((one[name] ?? 0) - y), 0);
  const below = samples.reduce((sum, one) => sum + (one.seconds - x) ** 2, 0);
  return below === 0 ? 0 : above / below;
}
