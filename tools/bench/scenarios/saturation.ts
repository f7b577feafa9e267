import { Bound } from '../bound/bound';
import type { Dataset } from '../dataset';
import type { LoadRun } from '../load-run';
import { type Best, bestOf } from '../measure/best';
import { ratios, spreadOf } from '../measure/spread';
import type { Outcome, Scenario, ScenarioContext } from '../scenario';
import { SATURATED } from '../settings';

const CONNECTIONS = [SATURATED, 1_024, 2_048] as const;
const QUICK_CONNECTIONS = [SATURATED, 1_024] as const;
const CLIENTS = [8, 16, 32, 64] as const;
const QUICK_CLIENTS = [16, 32] as const;

/** By what they are measured for; the same ones when SATURATED suits the shop best. */
interface Rushes {
  atBest: LoadRun[];
  at512: LoadRun[];
}

/**
 * How many checkouts a second the shop gets through, against the bound, each with as much at once as suits it best. Both
 * sides are measured in turn, so that whatever the machine does besides falls on both. How long buyers wait is a matter of
 * how many of them there are, and is therefore measured with always as many.
 */
export const saturation: Scenario = {
  name: 'saturation',
  description: 'checkouts a second with as many connections as suit best, against the bound, by pgbench',
  onTarget: true,
  async run(context) {
    const { options, environment, known, say } = context;
    const bound = environment && (await Bound.open(environment, options.size, say));
    const dataset = await context.openDataset();
    const clients = bound && (await bestClients(bound, context));
    const connections = await bestConnections(dataset, context);
    const loadRuns: Rushes = { atBest: [], at512: [] };
    const bounds: number[] = [];
    const { best } = connections;
    for (let round = 1; round <= options.rounds; round++) {
      if (bound && clients) {
        bounds.push(await boundOf(bound, clients.best, options.seconds));
        say(`round ${round}: the bound is ${Math.round(bounds.at(-1) as number)} checkouts/s`);
      }
      const rush = await freshRush(dataset, {
        ...options,
        name: `saturation, round ${round}`,
        connections: best,
      });
      say(`round ${round}: ${Math.round(rush.perSecond)} checkouts/s with ${best} connections`);
      loadRuns.atBest.push(rush);
      const name = `${SATURATED} connections, round ${round}`;
      loadRuns.at512.push(
        best === SATURATED ? rush : await freshRush(dataset, { ...options, name, connections: SATURATED }),
      );
      say(`round ${round}: p99 ${loadRuns.at512.at(-1)?.latencyMs.p99} ms with ${SATURATED} connections`);
    }
    await dataset.mustBalance();
    await dataset.shop.close();
    await bound?.close();
    known.saturation = { connections: best, perSecond: spreadOf(loadRuns.atBest.map(perSecondOf)).median };
    return summarise(loadRuns, bounds, { clients, connections });
  },
};

/** Of orders that were just filled: with many connections, those that are left might not last. */
async function freshRush(dataset: Dataset, options: Parameters<Dataset['rush']>[0]): Promise<LoadRun> {
  await dataset.fillOrders();
  return dataset.rush(options);
}

/** How many connections get the most out of the shop. */
export function bestConnections(dataset: Dataset, { options, say }: ScenarioContext): Promise<Best> {
  return bestOf(options.quick ? QUICK_CONNECTIONS : CONNECTIONS, async (connections) => {
    const [name, seconds] = [`a look at ${connections} connections`, options.seconds / 2];
    const { perSecond } = await freshRush(dataset, { ...options, name, connections, seconds });
    say(`the shop with ${connections} connections: ${Math.round(perSecond)} checkouts/s`);
    return perSecond;
  });
}

async function boundOf(bound: Bound, clients: number, seconds: number): Promise<number> {
  const perSecond = await bound.measure(clients, seconds);
  if (perSecond > 0) {
    return perSecond;
  }
  throw new Error('Not one checkout of the bound got through while it was measured: measure for longer.');
}

/** How many clients get the most out of the database. */
function bestClients(bound: Bound, { options, say }: ScenarioContext): Promise<Best> {
  return bestOf(options.quick ? QUICK_CLIENTS : CLIENTS, async (clients) => {
    const perSecond = await bound.measure(clients, options.seconds / 2);
    say(`the bound with ${clients} clients: ${Math.round(perSecond)} checkouts/s`);
    return perSecond;
  });
}

function summarise(
  { atBest, at512 }: Rushes,
  bounds: number[],
  details: { clients: Best | undefined; connections: Best },
): Outcome {
  const perSecond = atBest.map(perSecondOf);
  const p99 = at512.map((rush) => rush.latencyMs.p99);
  const load = atBest.map((rush) => share(rush, 'load'));
  return {
    loadRuns: [...new Set([...atBest, ...at512])],
    details,
    figures: [
      {
        id: 'saturation',
        name: `saturation, ${details.connections.best} connections`,
        unit: 'checkouts/s',
        spread: spreadOf(perSecond),
      },
      ...(bounds.length === 0
        ? []
        : [
            {
              id: 'bound',
              name: 'bound, one transaction per step',
              unit: 'checkouts/s',
              spread: spreadOf(bounds),
            },
            {
              id: 'saturation_over_bound',
              name: 'saturation ÷ bound',
              unit: '',
              spread: spreadOf(ratios(perSecond, bounds)),
            },
          ]),
      {
        id: 'p99_saturated',
        name: `p99 at saturation, ${SATURATED} connections`,
        unit: 'ms',
        spread: spreadOf(p99),
      },
      {
        id: 'load_share',
        name: 'the load’s own share of the processor time',
        unit: '',
        spread: spreadOf(load),
      },
    ],
  };
}

const perSecondOf = (rush: LoadRun) => rush.perSecond;

function share({ cpuSeconds }: LoadRun, group: string): number {
  return (cpuSeconds[group] ?? 0) / (cpuSeconds.machine || 1);
}
