import { checkoutNames } from '../../../shared/services';
import type { LoadRun } from '../load-run';
import { readMemory } from '../measure/cpu';
import { spreadOf } from '../measure/spread';
import type { LocalShop } from '../rig/shop';
import type { Scenario } from '../scenario';
import { SATURATED } from '../settings';

const SAMPLE_EVERY_MS = 1_000;
/** In a shorter run, a heap may still grow to its usual size in the second half. */
const JUDGED_FROM_S = 300;

interface Sample {
  seconds: number;
  /** MiB, by service. */
  [service: string]: number;
}

/**
 * Measures resident memory with SATURATED connections. Whenever the orders run out, the load waits until they are
 * refilled. Growth is the slope of a straight line through the second half: in the first half, the heap finds its size.
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
          checkoutNames.map((name) => [name, Math.max(...shop.pids(name).map(readMemory))]),
        ),
      });
    const sampling = setInterval(sample, Math.min(SAMPLE_EVERY_MS, options.memorySeconds * 100));
    const loadRuns: LoadRun[] = [];
    try {
      while (elapsed() < options.memorySeconds) {
        const seconds = Math.max(0.2, Math.min(30, options.memorySeconds - elapsed()));
        loadRuns.push(
          await dataset.run({
            name: `from ${Math.round(elapsed())} s on`,
            connections: SATURATED,
            warmUpSeconds: 0,
            seconds,
          }),
        );
        say(`${Math.round(elapsed())} of ${options.memorySeconds} s: ${describe(samples.at(-1))}`);
      }
    } finally {
      clearInterval(sampling);
    }
    sample();
    await dataset.assertBalanced();
    await dataset.shop.close();
    const peaks = checkoutNames.map((name) => Math.max(...samples.map((taken) => taken[name] ?? 0)));
    const growth = checkoutNames.map((name) => slope(samples.slice(samples.length / 2), name) * 60);
    const worst = (values: number[]) => spreadOf([Math.max(...values)]);
    return {
      loadRuns,
      details: { samples },
      figures: [
        { id: 'memory', name: 'resident memory, the largest service', unit: 'MiB', spread: worst(peaks) },
        {
          id: 'memory_growth',
          name: 'memory growth in the second half',
          unit: 'MiB a minute',
          spread: worst(growth),
          ...(options.memorySeconds < JUDGED_FROM_S && { unjudged: true as const }),
        },
      ],
    };
  },
};

function describe(sample: Sample | undefined): string {
  return checkoutNames.map((name) => `${name} ${Math.round(sample?.[name] ?? 0)} MiB`).join(', ');
}

/** Returns the slope of a straight line through the samples, by least squares, in MiB per second. */
function slope(samples: readonly Sample[], name: string): number {
  const mean = (value: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + value(sample), 0) / samples.length;
  const [x, y] = [mean(({ seconds }) => seconds), mean((sample) => sample[name] ?? 0)];
  const numerator = samples.reduce(
    (sum, sample) => sum + (sample.seconds - x) * ((sample[name] ?? 0) - y),
    0,
  );
  const denominator = samples.reduce((sum, sample) => sum + (sample.seconds - x) ** 2, 0);
  return denominator === 0 ? 0 : numerator / denominator;
}
