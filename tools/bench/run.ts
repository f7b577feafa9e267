import { rmSync } from 'node:fs';
import { home as localHome } from '../support/layout';
import { makeHome } from '../support/run-home';
import { Market } from './dataset';
import { Load } from './load/load';
import type { BenchOptions } from './options';
import { LocalShop, type Shop } from './rig/shop';
import { startSite } from './rig/site';
import { TargetShop } from './rig/target';
import type { Outcome, Scenario, Stage } from './scenario';

/** What became of a scenario: figures, or why there are none. */
export interface Measured {
  scenario: string;
  startedAt: string;
  tookSeconds: number;
  outcome?: Outcome;
  failed?: string;
}

/** Measures one scenario after the other. One that fails has no result, and the others go on. */
export async function run(
  options: BenchOptions,
  say: (text: string) => void,
): Promise<{ measured: Measured[]; site: { rabbit: string; postgres: string } | undefined }> {
  // Not in the system's folder for such things, which may be in memory: there, making commits durable costs nothing.
  const home = await makeHome('bench-', localHome);
  const site = options.target ? undefined : await startSite(home.path, say);
  const load = Load.start();
  const known: Stage['known'] = {};
  const measured: Measured[] = [];
  try {
    for (const scenario of options.only) {
      measured.push(await measure(scenario, { options, load, site, known, say }));
    }
    const version = site && (await site.admin.query<{ v: string }>('SELECT version() AS v')).rows[0]?.v;
    return { measured, site: site && { rabbit: site.rabbit, postgres: version ?? '' } };
  } finally {
    await load.stop();
    await site?.stop();
    rmSync(home.path, { recursive: true, force: true, maxRetries: 3 });
  }
}

type Target = NonNullable<BenchOptions['target']>;

async function measure(scenario: Scenario, stage: Omit<Stage, 'openMarket'>): Promise<Measured> {
  const { options, load, site, say } = stage;
  const opened: Shop[] = [];
  const openMarket: Stage['openMarket'] = async ({ orders = options.size, fill = true } = {}) => {
    const shop = site ? await LocalShop.open(site) : new TargetShop(options.target as Target, options.size);
    opened.push(shop);
    const market = new Market(shop, load, options.size, orders);
    if (fill) await market.fill();
    if (fill) await market.warmUp(options);
    return market;
  };
  const began = Date.now();
  const facts = { scenario: scenario.name, startedAt: new Date(began).toISOString() };
  const took = () => (Date.now() - began) / 1_000;
  const sayHere = (text: string) => say(`${scenario.name}: ${text}`);
  sayHere(scenario.description);
  try {
    const outcome = await scenario.run({ ...stage, say: sayHere, openMarket });
    return { ...facts, tookSeconds: took(), outcome };
  } catch (error) {
    const failed = (error as Error).message;
    sayHere(`no result: ${failed}`);
    for (const shop of opened) await shop.close().catch(() => {});
    return { ...facts, tookSeconds: took(), failed };
  }
}
