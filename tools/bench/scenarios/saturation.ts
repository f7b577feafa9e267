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

/** Load runs by their number of connections. Both lists are the same when SATURATED is the best number. */
interface MeasuredRuns {
  atBest: LoadRun[];
  at512: LoadRun[];
}

/**
 * Measures checkouts per second of the shop against the bound, each at the concurrency that suits it best. The two take
 * turns, so that other work on the machine affects both. Latency depends on the number of connections, so it is
 * measured at a fixed number.
 */
export const saturation: Scenario = {
  name: 'saturation',
  description: 'checkouts per second with the best number of connections, against the bound, by pgbench',
  onTarget: true,
  async run(context) {
    const { options, environment, known, say } = context;
    const bound = environment && (await Bound.open(environment, options.size, say));
    const dataset = await context.openDataset();
    const clients = bound && (await bestClients(bound, context));
    const connections = await bestConnections(dataset, context);
    const loadRuns: MeasuredRuns = { atBest: [], at512: [] };
    const bounds: number[] = [];
    const { best } = connections;
    for (let round = 1; round <= options.rounds; round++) {
      if (bound && clients) {
        bounds.push(await boundOf(bound, clients.best, options.seconds));
        say(`round ${round}: the bound is ${Math.round(bounds.at(-1) as number)} checkouts/s`);
      }
      const loadRun = await runFreshOrders(dataset, {
        ...options,
        name: `saturation, round ${round}`,
        connections: best,
      });
      say(`round ${round}: ${Math.round(loadRun.perSecond)} checkouts/s with ${best} connections`);
      loadRuns.atBest.push(loadRun);
      const name = `${SATURATED} connections, round ${round}`;
      loadRuns.at512.push(
        best === SATURATED
          ? loadRun
          : await runFreshOrders(dataset, { ...options, name, connections: SATURATED }),
      );
      say(`round ${round}: p99 ${loadRuns.at512.at(-1)?.latencyMs.p99} ms with ${SATURATED} connections`);
    }
    await dataset.assertBalanced();
    await dataset.shop.close();
    await bound?.close();
    known.saturation = { connections: best, perSecond: spreadOf(loadRuns.atBest.map(perSecondOf)).median };
    return summarise(loadRuns, bounds, { clients, connections });
  },
};

/** Refills the orders first: with many connections, the remaining ones might not be enough. */
async function runFreshOrders(dataset: Dataset, options: Parameters<Dataset['run']>[0]): Promise<LoadRun> {
  await dataset.fillOrders();
  return dataset.run(options);
}

/** Finds the number of connections with the highest throughput of the shop. */
export function bestConnections(dataset: Dataset, { options, say }: ScenarioContext): Promise<Best> {
  return bestOf(options.quick ? QUICK_CONNECTIONS : CONNECTIONS, async (connections) => {
    const [name, seconds] = [`trial of ${connections} connections`, options.seconds / 2];
    const { perSecond } = await runFreshOrders(dataset, { ...options, name, connections, seconds });
    say(`the shop with ${connections} connections: ${Math.round(perSecond)} checkouts/s`);
    return perSecond;
  });
}

async function boundOf(bound: Bound, clients: number, seconds: number): Promise<number> {
  const perSecond = await bound.measure(clients, seconds);
  if (perSecond > 0) {
    return perSecond;
  }
  throw new Error('pgbench finished no checkout while the bound was measured: raise --seconds.');
}

/** Finds the number of pgbench clients with the highest throughput of the database. */
function bestClients(bound: Bound, { options, say }: ScenarioContext): Promise<Best> {
  return bestOf(options.quick ? QUICK_CLIENTS : CLIENTS, async (clients) => {
    const perSecond = await bound.measure(clients, options.seconds / 2);
    say(`the bound with ${clients} clients: ${Math.round(perSecond)} checkouts/s`);
    return perSecond;
  });
}

function summarise(
  { atBest, at512 }: MeasuredRuns,
  bounds: number[],
  details: { clients: Best | undefined; connections: Best },
): Outcome {
  const perSecond = atBest.map(perSecondOf);
  const p99 = at512.map((run) => run.latencyMs.p99);
  const load = atBest.map((run) => share(run, 'load'));
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
        name: 'the load’s share of all processor time',
        unit: '',
        spread: spreadOf(load),
      },
    ],
  };
}

const perSecondOf = (run: LoadRun) => run.perSecond;

function share({ cpuSeconds }: LoadRun, group: string): number {
  return (cpuSeconds[group] ?? 0) / (cpuSeconds.machine || 1);
}
