import { Bound } from '../bound/bound';
import type { Rush } from '../market';
import { ratios, spreadOf } from '../measure/spread';
import type { Outcome, Scenario, Stage } from '../scenario';

/** Enough for every step to have a batch in the making while others are under way. */
export const SATURATED = 512;
const CLIENTS = [8, 16, 32, 64];
const QUICK_CLIENTS = [16, 32];

/**
 * How many checkouts a second the shop gets through, against the bound. Both sides are measured in turn, so that whatever
 * the machine does besides falls on both.
 */
export const saturation: Scenario = {
  name: 'saturation',
  description: 'checkouts a second with 512 connections, against the bound that pgbench measures',
  onTarget: true,
  async run(stage) {
    const { options, site, say } = stage;
    const bound = site && (await Bound.open(site, options.size, say));
    const market = await stage.openMarket();
    const clients = bound && (await bestClients(bound, stage));
    const rushes: Rush[] = [];
    const bounds: number[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      if (bound && clients) {
        bounds.push(await boundOf(bound, clients.best, options.seconds));
        say(`round ${round}: the bound is ${Math.round(bounds.at(-1) as number)} checkouts/s`);
      }
      rushes.push(await market.rush({ ...options, name: `round ${round}`, connections: SATURATED }));
      say(`round ${round}: ${Math.round(rushes.at(-1)?.perSecond as number)} checkouts/s`);
    }
    await market.mustBalance();
    await market.shop.close();
    await bound?.close();
    return summarise(rushes, bounds, clients);
  },
};

async function boundOf(bound: Bound, clients: number, seconds: number): Promise<number> {
  const perSecond = await bound.measure(clients, seconds);
  if (perSecond > 0) return perSecond;
  throw new Error('Not one checkout of the bound got through while it was measured: measure for longer.');
}

/** A short look at each, to find out how many clients get the most out of the database. */
async function bestClients(bound: Bound, { options, say }: Stage) {
  const perSecond: Record<number, number> = {};
  const tried = options.quick ? QUICK_CLIENTS : CLIENTS;
  for (const clients of tried) {
    perSecond[clients] = await bound.measure(clients, options.seconds / 2);
    say(`the bound with ${clients} clients: ${Math.round(perSecond[clients])} checkouts/s`);
  }
  const best = tried.reduce((a, b) => ((perSecond[b] ?? 0) > (perSecond[a] ?? 0) ? b : a));
  return { best, perSecond };
}

function summarise(rushes: Rush[], bounds: number[], clients: unknown): Outcome {
  const perSecond = rushes.map((rush) => rush.perSecond);
  const p99 = rushes.map((rush) => rush.latencyMs.p99);
  const load = rushes.map((rush) => share(rush, 'load'));
  return {
    rushes,
    details: { clients },
    figures: [
      {
        id: 'saturation',
        name: 'saturation, 512 connections',
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
      { id: 'p99_saturated', name: 'p99 at saturation, 512 connections', unit: 'ms', spread: spreadOf(p99) },
      {
        id: 'load_share',
        name: 'the load’s own share of the processor time',
        unit: '',
        spread: spreadOf(load),
      },
    ],
  };
}

function share({ cpuSeconds }: Rush, group: string): number {
  return (cpuSeconds[group] ?? 0) / (cpuSeconds.machine || 1);
}
